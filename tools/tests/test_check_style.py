"""Each rule of the house finds what breaks it, and nothing in a clean file."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_style  # noqa: E402


def function(lines, above=''):
    return f'{above}void f() {{\n' + '  g();\n' * (lines - 2) + '}\n'


class Style(unittest.TestCase):
    def test_clean_file(self):
        text = '#pragma once\n\n// Sums what is there (see f); the rest is dropped.\n' + function(70)
        self.assertEqual(check_style.check_cpp('src/a/b.hpp', text), [])

    def test_long_function_needs_a_reason(self):
        self.assertIn('f has 71 lines', check_style.check_cpp('a.cpp', function(71))[0])
        self.assertEqual(check_style.check_cpp('a.cpp', function(71, '// long: one case a kind\n// of node\n')), [])

    def test_long_file_needs_a_reason(self):
        body = 'int x;\n' * 601
        self.assertIn('601 lines', check_style.check_cpp('a.cpp', body)[0])
        self.assertEqual(check_style.check_cpp('a.cpp', '// long: a table\n' + body), [])

    def test_commented_out_code(self):
        for line in ('  // x = 5;', '// f(x);', '//auto y = g(1, 2);', '// if (x) {', '// }', '// return x;',
                     '// #include <vector>', '  // a.b->c(d);'):
            self.assertTrue(check_style.DEAD_CODE.match(line), line)
        for line in ('// A row is late; it is counted.', '// returns x;', '/// use: f(x);', '//     f(x);', 'f(x);  // f(y);',
                     '// the sum = what was added;', '// (a, b)', '// x = 5', '// if it fits (most do)'):
            self.assertFalse(check_style.DEAD_CODE.match(line), line)

    def test_left_undone(self):
        for text in ('TEST(A, DISABLED' + '_b) {}\n', 'GTEST' + '_SKIP();\n', '#if 0\n#endif\n'):
            self.assertIn('left undone', check_style.check_cpp('a.cpp', text)[0])

    def test_markers_and_machine_paths(self):
        root = pathlib.Path('/srv/checkout')
        for text in ('// TO' + 'DO: later\n', '# FIX' + 'ME\n', 'see /ro' + 'ot/x\n', 'cd /ho' + 'me/me\n',
                     'in /srv/checkout/src\n'):
            self.assertEqual(len(check_style.check_text('a.py', text, root)), 1, text)
        for text in ('mktemp -d dart.XXXXXX\n', 'https://example.org/home/a\n', 'TODOS\n'):
            self.assertEqual(check_style.check_text('a.py', text, root), [], text)

    def test_headers_and_names(self):
        self.assertIn('#pragma once', check_style.check_cpp('a.hpp', 'int x;\n')[0])
        self.assertIn('snake_case', check_style.check_cpp('BigName.cpp', 'int x;\n')[0])
        self.assertIn('using namespace', check_style.check_cpp('a.cpp', 'using namespace std;\n')[0])
        self.assertEqual(check_style.check_cpp('a.cpp', 'using namespace std::string_view_literals;\n'), [])

    def test_a_whole_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / 'src').mkdir()
            (root / 'src' / 'a.cpp').write_text(function(80))
            (root / 'build').mkdir()
            (root / 'build' / 'b.cpp').write_text(function(80))
            self.assertEqual(len(check_style.check(root)), 1)


if __name__ == '__main__':
    unittest.main()
