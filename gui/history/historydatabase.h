#pragma once

#include <exception>

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QStringList>
#include <QVariantList>

#include "gui/failure.h"

namespace argali::gui {

/// What SQLite says. Never leaves the thread of the history.
class SqlError final : public std::exception {
public:
    SqlError(int code, const QString& text) : m_code(code), m_text(text) {}
    int code() const { return m_code; } ///< SQLite's primary result code
    const QString& text() const { return m_text; }
    bool meansDamage() const { return m_code == 11 || m_code == 26; }  // CORRUPT, NOTADB
    bool meansReadOnly() const { return m_code == 8 || m_code == 14; } // READONLY, CANTOPEN

private:
    int m_code;
    QString m_text;
};

/// The file of the chats: opened, brought to the newest schema, or set aside where it is damaged.
/// Thread: the one that opens it.
class HistoryDatabase final {
public:
    enum class Access { None, ReadOnly, Full };

    /// schemas: a folder of NNN.sql, applied in order
    explicit HistoryDatabase(const QString& fileName,
                             const QString& schemas = QStringLiteral(":/schema"));
    ~HistoryDatabase();
    HistoryDatabase(const HistoryDatabase&) = delete;
    HistoryDatabase& operator=(const HistoryDatabase&) = delete;

    /// Opens or makes the file. What is not as it should be is in the failure; access() says what
    /// is possible nevertheless.
    std::optional<Failure> open();
    void close();
    /// Puts the file aside under a name with the date and begins a new one.
    /// Returns what to say of it.
    Failure setAside(const QString& why);
    /// Closes the file and removes it, with those that were put aside and those from before a new
    /// schema. Returns paths of what is left.
    QStringList erase();
    Access access() const { return m_access; }
    int version();
    bool hasOptions(); ///< A file that is only read may be of before chats had options.

    /// Throws: SqlError
    QSqlQuery run(const QString& sql, const QVariantList& values = {});
    void begin() { run(QStringLiteral("BEGIN IMMEDIATE")); }
    void commit() { run(QStringLiteral("COMMIT")); }
    void rollBack() noexcept;

    static QString newerSentence(); ///< of a file by a newer program
    /// A failure to write, as the user is told it.
    static Failure writeFailure(const SqlError& error);

private:
    void connect(const QString& options);
    void prepare();
    void migrate(int from);
    int newest() const;

    const QString m_fileName;
    const QString m_schemas;
    const QString m_connection;
    QSqlDatabase m_database;
    Access m_access = Access::None;
};

} // namespace argali::gui
