#include "cuda/runahead.h"

#include "cuda/check.h"

namespace argali::cuda {

RunAhead::RunAhead(cudaStream_t stream) : m_stream(stream)
{
    for (cudaEvent_t& mark : m_marks)
        check(cudaEventCreateWithFlags(&mark, cudaEventDisableTiming), "an event");
}

RunAhead::~RunAhead()
{
    for (const cudaEvent_t mark : m_marks)
        cudaEventDestroy(mark);
}

void RunAhead::count()
{
    if (++m_operations < operationsPerMark)
        return;
    m_operations = 0;
    // The mark that is set now replaces the one before last, which has to have been passed.
    const cudaEvent_t mark = m_marks[static_cast<size_t>(m_passed % 2)];
    if (m_passed >= 2)
        check(cudaEventSynchronize(mark), "waiting for the card");
    check(cudaEventRecord(mark, m_stream), "an event");
    ++m_passed;
}

} // namespace argali::cuda
