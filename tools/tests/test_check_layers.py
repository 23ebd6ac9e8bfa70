"""Each arrow that must not be is found, and a tree without one passes."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check_layers  # noqa: E402

TABLE = '''# room floor needs
base     0
columnar 1
plan     2  columnar
sql      3  plan
engine   3  plan
runtime  5  engine
'''


class Layers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write('cmake/rooms.txt', TABLE)
        for room in ('base', 'columnar', 'plan', 'sql', 'engine', 'runtime'):
            self.write(f'src/{room}/{room}.hpp', '#pragma once\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def complaints(self):
        return check_layers.check(self.root)[0]

    def assert_one(self, *words):
        complaints = self.complaints()
        self.assertEqual(len(complaints), 1, complaints)
        for word in words:
            self.assertIn(word, complaints[0])

    def test_arrows_down_are_fine(self):
        self.write('src/engine/a.cpp', '#include "engine/engine.hpp"\n#include "plan/plan.hpp"\n'
                   '#include "columnar/columnar.hpp"\n#include "base/base.hpp"\n#include <vector>\n')
        self.write('src/runtime/a.cpp', '#include <thread>\n#include "columnar/columnar.hpp"\n')
        self.assertEqual(self.complaints(), [])
        self.assertEqual(check_layers.check(self.root)[1]['engine'], 6)

    def test_sibling(self):
        self.write('src/sql/a.cpp', '\n#include "engine/engine.hpp"\n')
        self.assert_one('src/sql/a.cpp:2:', 'sql may not include engine')

    def test_upwards(self):
        self.write('src/columnar/a.cpp', '#include "plan/plan.hpp"\n')
        self.assert_one('columnar may not include plan')

    def test_base_includes_no_room(self):
        self.write('src/base/a.hpp', '#include "columnar/columnar.hpp"\n')
        self.assert_one('base may not include columnar')

    def test_tests_and_relative_includes(self):
        self.write('tests/support/x.hpp', '')
        self.write('src/sql/a.cpp', '#include "../tests/support/x.hpp"\n')
        self.write('src/plan/a.cpp', '#include "plan.hpp"\n')
        complaints = self.complaints()
        self.assertTrue(any('src/sql/a.cpp:1:' in c for c in complaints), complaints)
        self.assertTrue(any('src/plan/a.cpp:1: "plan.hpp" is no file' in c for c in complaints), complaints)

    def test_io_below_floor_five(self):
        for header in ('thread', 'mutex', 'chrono', 'random', 'fstream', 'filesystem', 'unistd.h', 'sys/socket.h',
                       'boost/asio.hpp', 'boost/asio/ip/tcp.hpp', 'spdlog/spdlog.h'):
            self.write('src/engine/a.cpp', f'#include <{header}>\n')
            self.assert_one(f'<{header}> on floor 3')

    def test_clock_reached_through_another_header(self):
        self.write('src/engine/a.cpp', '// std::chrono is banned here\nauto f() {\n  return std::chrono::seconds(1);\n}\n')
        self.assert_one('src/engine/a.cpp:3:', 'std::chrono')

    def test_room_without_a_row(self):
        self.write('src/extra/a.hpp', '#pragma once\n')
        self.assert_one('extra has no row')

    def test_include_circle(self):
        self.write('src/plan/a.hpp', '#include "plan/b.hpp"\n')
        self.write('src/plan/b.hpp', '#include "plan/c.hpp"\n')
        self.write('src/plan/c.hpp', '#include "plan/a.hpp"\n')
        self.assert_one('include circle: plan/a.hpp -> plan/b.hpp -> plan/c.hpp -> plan/a.hpp')

    def test_drawer(self):
        self.write('src/plan/utils/a.hpp', '#pragma once\n')
        self.assert_one('src/plan/utils: a drawer')

    def test_table_that_breaks_its_own_rules(self):
        self.write('cmake/rooms.txt', TABLE + 'placement 3 engine\n')
        self.assert_one('placement (floor 3) needs engine (floor 3)')
        self.write('cmake/rooms.txt', TABLE + 'placement 3 nowhere\n')
        self.assert_one('nowhere, which has no row')


if __name__ == '__main__':
    unittest.main()
