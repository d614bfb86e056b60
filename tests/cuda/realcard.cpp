#include <cstdio>
#include <cstdlib>

#include <QCoreApplication>

#include "cuda/cards.h"
#include "cuda/cudabackend.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

namespace argali::test {

namespace {

/// Ends the program with one line where there is no card that can be used. Runs before the first
/// test.
void needCard()
{
    std::string problem;
    if (!cuda::listCards(problem).empty())
        return;
    std::fprintf(stderr, "this test needs a card: %s\n", problem.c_str());
    std::exit(1);
}

Q_COREAPP_STARTUP_FUNCTION(needCard)

/// Whether compute-sanitizer runs the program, as gpu-check says.
bool isUnderSanitizer()
{
    return qEnvironmentVariableIsSet("ARGALI_CARD_SANITIZER");
}

} // namespace

QString inEveryOrder(const std::function<QString()>& f)
{
    // The order is the card's; a race does not show every time, but to the sanitizer.
    const int runs = isUnderSanitizer() ? 1 : 3;
    for (int i = 1; i <= runs; ++i) {
        const QString complaint = f();
        if (!complaint.isEmpty())
            return QString("run %1: %2").arg(i).arg(complaint);
    }
    return {};
}

int64_t guardBytes()
{
    // compute-sanitizer watches the end of an array itself, and would take the guard for a part of
    // it.
    static const int64_t bytes = isUnderSanitizer() ? 0 : 256;
    return bytes;
}

std::vector<NamedBackend> backendsToTest()
{
    return {{"card", std::make_shared<cuda::CudaBackend>(0)}};
}

} // namespace argali::test
