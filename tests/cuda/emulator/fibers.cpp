#include "fibers.h"

#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace argali::emulator {

namespace {

constexpr size_t stackBytes = size_t{192} << 10;
constexpr unsigned lanes = 32;

enum class State { Runnable, AtBarrier, AtExchange, Ended };

/// Where a fiber goes on; GCC's own pair of setjmp and longjmp, which leaves the signal mask alone:
/// a system call at every switch would be most of the time.
using Jump = void* [5];

struct Fiber {
    ucontext_t context{}; ///< for the first entry
    Jump jump{};
    bool isStarted = false;
    std::unique_ptr<unsigned char[]> stack{
        new unsigned char[stackBytes]}; // not zeroed: it is large
    Thread thread;
    State state = State::Runnable;
    std::exception_ptr failure;
    unsigned exchanges = 0; ///< how many this lane has arrived at
    std::vector<std::vector<PendingCopy>> copies;
    void* shadowStack = nullptr;
};

struct Warp {
    // Two sets: a lane can be at the next exchange while another still reads the last one.
    std::array<std::array<Slot, lanes>, 2> values{};
    std::array<unsigned, 2> arrived{};
};

class Block {
public:
    void run(const Thread& place, size_t sharedBytes, const std::function<void()>& body);
    Fiber& current() { return *m_current; }
    bool isRunning() const { return m_current != nullptr; }
    unsigned char* memory() { return m_memory.get(); }
    void barrier();
    const std::array<Slot, lanes>& exchange(const void* value, size_t bytes);
    void setOrder(Order order, unsigned seed)
    {
        m_order = order;
        m_random.seed(seed);
    }
    Order order() const { return m_order; }
    void setCopiesAtOnce(bool atOnce) { m_copiesAtOnce = atOnce; }
    bool copiesAtOnce() const { return m_copiesAtOnce; }
    void setOrderLike(const Block& other)
    {
        m_order = other.m_order;
        m_random = other.m_random;
        m_copiesAtOnce = other.m_copiesAtOnce;
    }
    std::mt19937& random() { return m_random; }

private:
    static void entry();
    void resume(Fiber& fiber);
    void wait(State state);
    bool runRound();
    void leaveFiber(Fiber& fiber);

    std::vector<std::unique_ptr<Fiber>> m_fibers; // kept from block to block for their stacks
    std::vector<Warp> m_warps;
    Jump m_scheduler{};
    bool m_isBroken = false; ///< fibers stand in the middle of a body that will not go on
    void* m_schedulerShadow = nullptr;
    const void* m_schedulerStack = nullptr;
    size_t m_schedulerStackSize = 0;
    Fiber* m_current = nullptr;
    const std::function<void()>* m_body = nullptr;
    std::unique_ptr<unsigned char[]> m_memory;
    unsigned m_count = 0;
    Order m_order = Order::Forward;
    bool m_copiesAtOnce = false;
    std::mt19937 m_random{1};
};

/// The block that runs, and another for those that overtake it while it waits in the middle of
/// itself. They never end: a backend that goes at exit still runs kernels.
struct Blocks {
    Block* running = new Block;
    Block* other = new Block;
    bool isOvertaken = false;
};

Blocks& blocks()
{
    static Blocks instance;
    return instance;
}

Block& block()
{
    return *blocks().running;
}

std::vector<unsigned> orderOf(unsigned count, Order order, std::mt19937& random)
{
    std::vector<unsigned> indices(count);
    std::iota(indices.begin(), indices.end(), 0U);
    if (order == Order::Reverse)
        std::ranges::reverse(indices);
    if (order == Order::Random)
        std::ranges::shuffle(indices, random);
    return indices;
}

/// Not instrumented, as both that call it: before a call that does not return the sanitizer would
/// clear the marks of a whole stack and ask the system about another, at each of the millions of
/// switches. It is told of them by name.
[[noreturn]] __attribute__((noinline, no_sanitize("address"))) void jumpTo(Jump& jump)
{
    __builtin_longjmp(jump, 1);
}

/// A fiber's life: the same thread of one block after another.
void Block::entry()
{
    Block& self = block();
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self.m_schedulerStack, &self.m_schedulerStackSize);
#endif
    for (;;) {
        Fiber& fiber = *self.m_current;
        try {
            (*self.m_body)();
        } catch (...) {
            fiber.failure = std::current_exception();
        }
        fiber.state = State::Ended;
        self.leaveFiber(fiber);
    }
}

__attribute__((noinline, no_sanitize("address"))) void Block::resume(Fiber& fiber)
{
    m_current = &fiber;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&m_schedulerShadow, fiber.stack.get(), stackBytes);
#endif
    if (__builtin_setjmp(m_scheduler) == 0) {
        if (fiber.isStarted)
            jumpTo(fiber.jump);
        fiber.isStarted = true;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = stackBytes;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, &Block::entry, 0);
        setcontext(&fiber.context);
    }
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(m_schedulerShadow, nullptr, nullptr);
#endif
    Fiber& ran = *m_current;
    m_current = nullptr;
    if (ran.failure) {
        m_isBroken = true;
        std::rethrow_exception(std::exchange(ran.failure, nullptr));
    }
}

__attribute__((noinline, no_sanitize("address"))) void Block::leaveFiber(Fiber& fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fiber.shadowStack, m_schedulerStack, m_schedulerStackSize);
#endif
    if (__builtin_setjmp(fiber.jump) == 0)
        jumpTo(m_scheduler);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(m_current->shadowStack, &m_schedulerStack,
                                    &m_schedulerStackSize);
#endif
}

void Block::wait(State state)
{
    Fiber& fiber = *m_current;
    fiber.state = state;
    leaveFiber(fiber);
}

void Block::barrier()
{
    wait(State::AtBarrier);
}

const std::array<Slot, lanes>& Block::exchange(const void* value, size_t bytes)
{
    if (bytes > sizeof(Slot))
        throw std::logic_error("a value too large for an exchange between lanes");
    Fiber& fiber = *m_current;
    const unsigned thread = fiber.thread.thread.x;
    Warp& warp = m_warps[thread / lanes];
    const unsigned set = fiber.exchanges++ % 2;
    std::memcpy(warp.values[set][thread % lanes].bytes, value, bytes);
    if (++warp.arrived[set] < lanes)
        wait(State::AtExchange);
    else {
        warp.arrived[set] = 0;
        for (unsigned lane = 0; lane < lanes; ++lane) {
            Fiber& other = *m_fibers[thread / lanes * lanes + lane];
            if (other.state == State::AtExchange)
                other.state = State::Runnable;
        }
    }
    return warp.values[set];
}

/// One turn of every thread that can go on, or of one warp after another until none of its threads
/// can. False when there was none.
bool Block::runRound()
{
    bool ran = false;
    const auto step = [&](unsigned i) {
        if (m_fibers[i]->state != State::Runnable)
            return false;
        resume(*m_fibers[i]);
        ran = true;
        return true;
    };
    if (m_order != Order::WarpByWarp) {
        for (const unsigned i : orderOf(m_count, m_order, m_random))
            step(i);
        return ran;
    }
    for (unsigned warp = 0; warp < m_count / lanes; ++warp)
        for (bool goesOn = true; goesOn;) {
            goesOn = false;
            for (unsigned lane = 0; lane < lanes; ++lane)
                goesOn = step(warp * lanes + lane) || goesOn;
        }
    return ran;
}

void Block::run(const Thread& place, size_t sharedBytes, const std::function<void()>& body)
{
    m_count = place.blockSize.x;
    if (m_count == 0 || m_count % lanes != 0 || m_count > 1024)
        throw std::logic_error("a block of " + std::to_string(m_count) + " threads");
    m_body = &body;
    if (std::exchange(m_isBroken, false))
        m_fibers.clear();
    m_memory.reset(new unsigned char[sharedBytes]);
    std::memset(m_memory.get(), 0xff, sharedBytes);
    m_warps.assign(m_count / lanes, {});
    while (m_fibers.size() < m_count)
        m_fibers.push_back(std::make_unique<Fiber>());
    for (unsigned i = 0; i < m_count; ++i) {
        Fiber& fiber = *m_fibers[i];
        fiber.thread = place;
        fiber.thread.thread = {i, 0, 0};
        fiber.state = State::Runnable;
        fiber.exchanges = 0;
        fiber.copies.assign(1, {});
    }
    for (;;) {
        if (runRound())
            continue;
        unsigned ended = 0;
        unsigned atBarrier = 0;
        for (unsigned i = 0; i < m_count; ++i) {
            ended += m_fibers[i]->state == State::Ended ? 1 : 0;
            atBarrier += m_fibers[i]->state == State::AtBarrier ? 1 : 0;
        }
        if (ended == m_count)
            return;
        if (ended + atBarrier < m_count) {
            m_isBroken = true;
            throw std::logic_error("threads of a warp wait for lanes that went another way");
        }
        for (unsigned i = 0; i < m_count; ++i)
            if (m_fibers[i]->state == State::AtBarrier)
                m_fibers[i]->state = State::Runnable;
    }
}

/// A launch and its blocks that have not begun, the next one last.
struct Grid {
    Thread place;
    size_t sharedBytes = 0;
    const std::function<void()>* body = nullptr;
    std::vector<unsigned> left;

    void runRest()
    {
        while (!left.empty()) {
            const unsigned i = left.back();
            left.pop_back();
            const Index& size = place.gridSize;
            Thread own = place;
            own.block = {i % size.x, i / size.x % size.y, i / size.x / size.y};
            block().run(own, sharedBytes, *body);
        }
    }
};
Grid* runningGrid = nullptr;

} // namespace

const Thread& thisThread()
{
    if (!block().isRunning())
        throw std::logic_error("no kernel is running");
    return block().current().thread;
}

unsigned char* blockMemory()
{
    return block().memory();
}

void runKernel(Index grid, unsigned threads, size_t sharedBytes, const std::function<void()>& body)
{
    Grid launched;
    launched.place.gridSize = grid;
    launched.place.blockSize = {threads, 1, 1};
    launched.sharedBytes = sharedBytes;
    launched.body = &body;
    launched.left = orderOf(grid.x * grid.y * grid.z, block().order(), block().random());
    std::ranges::reverse(launched.left);
    runningGrid = &launched;
    launched.runRest();
}

void letOthersOvertake()
{
    Blocks& all = blocks();
    if (all.isOvertaken || runningGrid->left.empty())
        return;
    const struct Turn {
        explicit Turn(Blocks& blocksOfTurn) : turned(blocksOfTurn)
        {
            turned.other->setOrderLike(*turned.running);
            std::swap(turned.running, turned.other);
            turned.isOvertaken = true;
        }
        ~Turn()
        {
            std::swap(turned.running, turned.other);
            turned.isOvertaken = false;
        }
        Blocks& turned;
    } turn(all);
    runningGrid->runRest();
}

void blockBarrier()
{
    block().barrier();
}

const std::array<Slot, 32>& exchange(const void* value, size_t bytes)
{
    return block().exchange(value, bytes);
}

void setOrder(Order order, unsigned seed)
{
    block().setOrder(order, seed);
}

void setCopiesAtOnce(bool atOnce)
{
    block().setCopiesAtOnce(atOnce);
}

bool copiesAtOnce()
{
    return block().copiesAtOnce();
}

std::vector<std::vector<PendingCopy>>& pendingCopies()
{
    return block().current().copies;
}

} // namespace argali::emulator
