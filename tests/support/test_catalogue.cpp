#include "support/test_catalogue.hpp"

namespace dart::test {

using columnar::TypeId;

plan::Catalogue test_catalogue() {
  plan::Catalogue catalogue;
  const auto always = [](const plan::Options&) { return true; };
  catalogue.connectors.push_back(
      {"file",
       true,
       true,
       true,
       {{"path", TypeId::Text, true, {}, "the file"}, {"rate", TypeId::Double, false, {}, "rows a second"}},
       always});
  catalogue.connectors.push_back({"stdin", true, false, true, {}, always});
  catalogue.connectors.push_back({"stdout", false, true, true, {}, nullptr});
  catalogue.connectors.push_back({"blackhole", false, true, false, {}, nullptr, true});
  catalogue.connectors.push_back({"endless", true, false, false, {}, nullptr});
  catalogue.formats.push_back({"csv",
                               true,
                               true,
                               {{"header", TypeId::Bool, false, {}, "a first line of names"},
                                {"null", TypeId::Text, false, {}, "what NULL is written as"}}});
  catalogue.formats.push_back({"json", true, true, {}});
  catalogue.formats.push_back({"table", false, true, {}});
  return catalogue;
}

}  // namespace dart::test
