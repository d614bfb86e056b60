#pragma once

namespace argali::cuda {

/// Counts who uses the card's context, so that it is never taken from under anybody.
class ContextUser final {
public:
    ContextUser();
    ~ContextUser();
    ContextUser(const ContextUser&) = delete;
    ContextUser& operator=(const ContextUser&) = delete;
};

/// After an error that stays, an illegal access for instance, everything on the card fails until
/// its context is made anew. Does that when nobody uses it; false when somebody does, or when the
/// card fails all the same.
bool recoverCard(int card);

} // namespace argali::cuda
