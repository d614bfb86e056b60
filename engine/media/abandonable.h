#pragma once

#include <functional>
#include <stop_token>

namespace argali {

/// Runs work that cannot be interrupted, as decoding one huge picture, on a thread of its own and
/// waits for it. Returns false as soon as stop is requested; the work then goes on unseen to its
/// end, so it must own what it touches and must not throw. Abandoned work is waited for before the
/// next is begun, so that its memory is not needed twice, and at the program's end.
/// Thread: any.
bool runAbandonable(std::function<void()> work, const std::stop_token& stop);

/// Whether abandoned work still goes on. A program that ends would wait for it; one that has
/// written everything may leave by _exit() instead. Thread: any.
bool abandonedWorkGoesOn();

} // namespace argali
