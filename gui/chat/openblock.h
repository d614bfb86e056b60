#pragma once

#include <string>
#include <string_view>

namespace argali::gui {

/// A block that is still being written, changed so that nothing in it shows half: what is not yet
/// decided (a table's head, a fence, a formula, a link's address) is held back, what is merely not
/// closed (emphasis, code) is closed.
std::string presentable(std::string_view block);

} // namespace argali::gui
