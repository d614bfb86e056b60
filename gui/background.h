#pragma once

#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include <QFutureWatcher>
#include <QObject>
#include <QPromise>

namespace argali::gui {

/// Does work on a thread of its own, and hands what it returns to take on the thread of context;
/// not at all once context is gone. Nobody ever waits for the work, which therefore holds nothing
/// that may go before it.
/// Thread: that of context.
template <class Work, class Take> void inBackground(QObject* context, Work work, Take take)
{
    using Result = std::invoke_result_t<Work>;
    auto promise = std::make_shared<QPromise<Result>>();
    auto* watcher = new QFutureWatcher<Result>(context);
    QObject::connect(watcher, &QFutureWatcher<Result>::finished, context,
                     [watcher, take = std::move(take)] {
                         watcher->deleteLater();
                         if (watcher->future().resultCount() > 0)
                             take(watcher->future().result());
                     });
    watcher->setFuture(promise->future());
    promise->start();
    std::thread([promise = std::move(promise), work = std::move(work)] {
        promise->addResult(work());
        promise->finish();
    }).detach();
}

} // namespace argali::gui
