#pragma once

#include <QFile>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTest>

#include "gui/history/historystore.h"
#include "tests/support/fakereplysource.h"

namespace argali::gui {

/// A session of the program as far as its history goes.
struct HistorySession {
    explicit HistorySession(const QString& folder)
        : store(folder + QStringLiteral("/history.sqlite"), folder + QStringLiteral("/media"), book,
                turns)
    {
        QSignalSpy opened(&store, &HistoryStore::opened);
        QObject::connect(&store, &HistoryStore::opened, &store,
                         [this](quint64 chat) { unopened = chat; });
        store.open();
        if (opened.isEmpty())
            opened.wait(10'000);
    }
    quint64 ask(const QString& question, const QString& answer, const QList<MediaFile>& media = {})
    {
        const quint64 id = turns.send({question, media}, {}, QStringLiteral("Any-1B"));
        source.finish(id, answer);
        return id;
    }
    void settle()
    {
        if (!QTest::qWaitFor([&] { return store.isAllWritten(); }, 10'000))
            qWarning("something is still waiting to be written");
    }
    Conversation* open(int index)
    {
        Conversation& chat = book.at(index);
        book.open(index);
        (void)QTest::qWaitFor([&] { return chat.isLoaded(); }, 10'000);
        return &chat;
    }
    QList<SearchHit> search(const QString& words)
    {
        QSignalSpy found(&store, &HistoryStore::found);
        store.search(words);
        if (!found.wait(10'000))
            return {};
        return found.last().first().value<QList<SearchHit>>();
    }

    ConversationBook book;
    FakeReplySource source;
    TurnController turns{book, source};
    HistoryStore store;
    quint64 unopened = 0;
};

/// The first value of a query on a file, with no program beside it.
inline QVariant sqlValue(const QString& fileName, const QString& sql)
{
    QVariant value;
    {
        QSqlDatabase db =
            QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("test"));
        db.setDatabaseName(fileName);
        if (db.open()) {
            QSqlQuery query(db);
            if (!query.exec(sql))
                qWarning("%s", qPrintable(query.lastError().text()));
            else if (query.next())
                value = query.value(0);
        }
    }
    QSqlDatabase::removeDatabase(QStringLiteral("test"));
    return value;
}

} // namespace argali::gui
