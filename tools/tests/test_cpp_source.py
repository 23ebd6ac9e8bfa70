"""The reader of C++ text finds functions, whatever braces stand around them."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from cpp_source import code_only, functions, includes  # noqa: E402


def found(text):
    return [(f.name, f.first, f.last) for f in functions(text)]


class Functions(unittest.TestCase):
    def test_free_function_in_a_namespace(self):
        self.assertEqual(found('namespace a::b {\nint f(int x) {\n  return x;\n}\n}\n'), [('f', 2, 4)])

    def test_signature_counts_from_its_template_line(self):
        self.assertEqual(found('template <typename T, typename U = std::vector<T>>\nT f(T x)\n{\n}\n'), [('f', 1, 4)])

    def test_members_of_classes_and_specialisations(self):
        self.assertEqual(found('class alignas(16) A : public B {\n int f() const {\n }\n};\n'), [('f', 2, 3)])
        self.assertEqual(found('template <>\nstruct hash<A<int>> {\n int f() {}\n};\n'), [('f', 3, 3)])

    def test_constructor_with_braced_members(self):
        self.assertEqual(found('A::A(int x) : a_{x}, b_{1, {2}} {\n  g();\n}\nvoid h() {}\n'),
                         [('A::A', 1, 3), ('h', 4, 4)])

    def test_values_are_not_functions(self):
        self.assertEqual(found('const int k[] = {1,\n2};\nint x{3};\nenum class E : int { kA };\n'), [])

    def test_lambda_belongs_to_its_function(self):
        self.assertEqual(found('void f() {\n  auto g = [](int) {\n  };\n}\n'), [('f', 1, 4)])

    def test_trailing_return_type(self):
        self.assertEqual(found('auto f(int x) const -> std::vector<int> {\n}\n'), [('f', 1, 2)])

    def test_braces_in_text_do_not_count(self):
        text = 'void f() {\n  auto a = "{"; char b = \'{\'; int c = 1\'000; // {\n  auto d = R"x({)")x"; /* { */\n}\n'
        self.assertEqual(found(text), [('f', 1, 4)])

    def test_macros_do_not_count(self):
        self.assertEqual(found('#define M(x) { \\\n  x(\nvoid f() {\n}\n'), [('f', 3, 4)])


class Text(unittest.TestCase):
    def test_code_keeps_its_lines(self):
        text = 'a /* x\ny */ b "c\\"d" // e\nf'
        self.assertEqual(code_only(text).split(), ['a', 'b', 'f'])
        self.assertEqual(code_only(text).count('\n'), 2)

    def test_includes(self):
        text = '#include <vector>\n/*\n#include "no.hpp"\n*/\n# include "a/b.hpp"  // why\n// #include "no.hpp"\n'
        self.assertEqual(list(includes(text)), [(1, '<', 'vector'), (5, '"', 'a/b.hpp')])


if __name__ == '__main__':
    unittest.main()
