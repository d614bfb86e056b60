#include "cuda/cudabackend.h"
#include "fibers.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

namespace argali::test {

QString inEveryOrder(const std::function<QString()>& f)
{
    struct Named {
        const char* name;
        emulator::Order order;
        unsigned seed;
        bool copiesAtOnce = false;
    };
    for (const Named& o : {Named{"forward", emulator::Order::Forward, 1},
                           Named{"reverse", emulator::Order::Reverse, 1},
                           Named{"random 1", emulator::Order::Random, 1},
                           Named{"random 2", emulator::Order::Random, 2},
                           Named{"warp by warp", emulator::Order::WarpByWarp, 1, true}}) {
        emulator::setOrder(o.order, o.seed);
        emulator::setCopiesAtOnce(o.copiesAtOnce);
        const QString complaint = f();
        if (!complaint.isEmpty())
            return QString("threads in %1 order: %2").arg(o.name, complaint);
    }
    emulator::setOrder(emulator::Order::Forward);
    emulator::setCopiesAtOnce(false);
    return {};
}

int64_t guardBytes()
{
    return 0; // the sanitizer watches the end of an array
}

std::vector<NamedBackend> backendsToTest()
{
    return {{"emulated card", std::make_shared<cuda::CudaBackend>(0)}};
}

} // namespace argali::test
