#include "gui/history/historydatabase.h"

#include <atomic>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSqlError>
#include <QUrl>

namespace argali::gui {
namespace {

constexpr qint64 checkedSize = 64 << 20; // larger files would hold up the start

struct DatabaseWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::HistoryDatabase)
};

QString newConnectionName()
{
    static std::atomic<int> next = 0;
    return QStringLiteral("history-%1").arg(++next);
}

QStringList statementsIn(const QString& fileName)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly))
        throw SqlError(1, fileName + QStringLiteral(" cannot be read"));
    const QString all = QString::fromUtf8(file.readAll()) + QStringLiteral("\n\n");
    QStringList statements = all.split(QStringLiteral(";\n\n"), Qt::SkipEmptyParts);
    statements.removeIf([](const QString& s) { return s.trimmed().isEmpty(); });
    return statements;
}

} // namespace

HistoryDatabase::HistoryDatabase(const QString& fileName, const QString& schemas)
    : m_fileName(fileName), m_schemas(schemas), m_connection(newConnectionName())
{
}

HistoryDatabase::~HistoryDatabase()
{
    close();
}

void HistoryDatabase::close()
{
    m_database.close();
    m_database = {};
    QSqlDatabase::removeDatabase(m_connection);
    m_access = Access::None;
}

void HistoryDatabase::connect(const QString& options)
{
    close();
    m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_connection);
    if (!m_database.isValid())
        throw SqlError(1, QStringLiteral("Qt has no driver for SQLite"));
    // As an address, so that a read-only folder can be said not to change.
    QUrl address = QUrl::fromLocalFile(QFileInfo(m_fileName).absoluteFilePath());
    if (options.contains(QLatin1String("IMMUTABLE")))
        address.setQuery(QStringLiteral("immutable=1"));
    m_database.setDatabaseName(QString::fromLatin1(address.toEncoded()));
    QString flags = QStringLiteral("QSQLITE_OPEN_URI;QSQLITE_BUSY_TIMEOUT=3000");
    if (!options.isEmpty())
        flags += QStringLiteral(";QSQLITE_OPEN_READONLY");
    m_database.setConnectOptions(flags);
    if (!m_database.open()) {
        const QSqlError error = m_database.lastError();
        throw SqlError(error.nativeErrorCode().toInt() & 0xff, error.text());
    }
}

QSqlQuery HistoryDatabase::run(const QString& sql, const QVariantList& values)
{
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    bool ok = query.prepare(sql);
    for (const QVariant& value : values)
        query.addBindValue(value);
    ok = ok && query.exec();
    if (!ok) {
        const QSqlError error = query.lastError();
        throw SqlError(error.nativeErrorCode().toInt() & 0xff,
                       error.text() + QStringLiteral(": ") + sql.trimmed().left(80));
    }
    return query;
}

void HistoryDatabase::rollBack() noexcept
{
    QSqlQuery(m_database).exec(QStringLiteral("ROLLBACK")); // may have been done by SQLite itself
}

int HistoryDatabase::version()
{
    QSqlQuery query = run(QStringLiteral("PRAGMA user_version"));
    return query.next() ? query.value(0).toInt() : 0;
}

bool HistoryDatabase::hasOptions()
{
    QSqlQuery query = run(
        QStringLiteral("SELECT 1 FROM pragma_table_info('conversations') WHERE name='options'"));
    return query.next();
}

int HistoryDatabase::newest() const
{
    const QStringList files = QDir(m_schemas).entryList({QStringLiteral("*.sql")}, QDir::Files);
    return int(files.size());
}

/// A full connection: journal, keys, schema.
void HistoryDatabase::prepare()
{
    run(QStringLiteral("PRAGMA journal_mode=WAL"));
    // FULL: a commit also survives a power cut. It costs one fsync at most every second, on a
    // thread that nobody waits for.
    run(QStringLiteral("PRAGMA synchronous=FULL"));
    run(QStringLiteral("PRAGMA foreign_keys=ON"));
    if (QFileInfo(m_fileName).size() <= checkedSize) {
        QSqlQuery check = run(QStringLiteral("PRAGMA quick_check(1)"));
        if (check.next() && check.value(0).toString() != QLatin1String("ok"))
            throw SqlError(11, check.value(0).toString());
    }
    const int stored = version();
    if (stored < newest())
        migrate(stored);
}

void HistoryDatabase::migrate(int from)
{
    if (from > 0) {
        const QFileInfo file(m_fileName);
        QString backup = file.dir().filePath(
            QStringLiteral("%1-before-%2.sqlite").arg(file.completeBaseName()).arg(newest()));
        if (QFileInfo::exists(backup)) // of a migration that did not come to its end
            backup.replace(QStringLiteral(".sqlite"), QDateTime::currentDateTime().toString(
                                                          QStringLiteral("-yyyyMMdd-HHmmss-zzz")) +
                                                          QStringLiteral(".sqlite"));
        run(QStringLiteral("VACUUM INTO ?"), {backup});
    }
    for (int next = from + 1; next <= newest(); ++next) {
        begin();
        try {
            const QString script = QDir(m_schemas).filePath(
                QStringLiteral("%1.sql").arg(next, 3, 10, QLatin1Char('0')));
            for (const QString& statement : statementsIn(script))
                run(statement);
            run(QStringLiteral("PRAGMA user_version=%1").arg(next));
            commit();
        } catch (...) {
            rollBack();
            throw;
        }
    }
}

std::optional<Failure> HistoryDatabase::open()
{
    QDir().mkpath(QFileInfo(m_fileName).absolutePath());
    QString why;
    try {
        connect({});
        if (version() <= newest()) {
            prepare();
            m_access = Access::Full;
            return std::nullopt;
        }
        connect(QStringLiteral("READONLY"));
        run(QStringLiteral("SELECT id FROM conversations LIMIT 1"));
        m_access = Access::ReadOnly;
        return Failure::withSentence(Error::Code::Unsupported, newerSentence(), m_fileName);
    } catch (const SqlError& error) {
        if (error.meansDamage())
            return setAside(error.text());
        why = error.text();
    }
    for (const char* options : {"READONLY", "READONLY IMMUTABLE"}) {
        try {
            connect(QLatin1String(options));
            if (version() > 0) { // every version can be read
                run(QStringLiteral("SELECT count(*) FROM conversations"));
                m_access = Access::ReadOnly;
                return Failure::withSentence(
                    Error::Code::Missing,
                    DatabaseWords::tr(
                        "Your chats cannot be written to: check the rights of %1 and the "
                        "space there. Earlier chats can be read, but new ones are not kept.")
                        .arg(QDir::toNativeSeparators(QFileInfo(m_fileName).absolutePath())),
                    why);
            }
        } catch (const SqlError& error) { // the next way, and at last none
            why += QStringLiteral("; ") + error.text();
        }
    }
    close();
    return Failure::withSentence(
        Error::Code::Missing,
        DatabaseWords::tr(
            "Your chats cannot be opened: check the rights of %1 and the space there. "
            "Everything else works, but chats are not kept.")
            .arg(QDir::toNativeSeparators(QFileInfo(m_fileName).absolutePath())),
        why);
}

Failure HistoryDatabase::setAside(const QString& why)
{
    close();
    const QFileInfo file(m_fileName);
    const QString aside = file.dir().filePath(
        QStringLiteral("%1-damaged-%2.sqlite")
            .arg(file.completeBaseName(),
                 QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss-zzz"))));
    for (const char* end : {"", "-wal", "-shm"})
        QFile::rename(m_fileName + QLatin1String(end), aside + QLatin1String(end));
    try {
        if (QFileInfo::exists(m_fileName))
            throw SqlError(8, QStringLiteral("the damaged file cannot be renamed"));
        connect({});
        prepare();
        m_access = Access::Full;
    } catch (const SqlError& error) {
        close();
        return Failure::withSentence(
            Error::Code::Missing,
            DatabaseWords::tr(
                "The file of your chats is damaged and cannot be put aside: check the rights "
                "of %1. Everything else works, but chats are not kept.")
                .arg(QDir::toNativeSeparators(file.absolutePath())),
            why + QStringLiteral("; ") + error.text());
    }
    return Failure::withSentence(
        Error::Code::Internal,
        DatabaseWords::tr(
            "The file of your chats was damaged. It was put aside as %1, and a new one was "
            "begun.")
            .arg(QDir::toNativeSeparators(aside)),
        why);
}

QStringList HistoryDatabase::erase()
{
    close();
    const QFileInfo file(m_fileName);
    const QString base = file.completeBaseName();
    const QFileInfoList all = file.dir().entryInfoList(
        {file.fileName() + QStringLiteral("*"), base + QStringLiteral("-before-*.sqlite*"),
         base + QStringLiteral("-damaged-*.sqlite*")},
        QDir::Files | QDir::Hidden | QDir::System);
    QStringList left;
    for (const QFileInfo& each : all) {
        if (!QFile::remove(each.filePath()))
            left.append(each.absoluteFilePath());
    }
    return left;
}

QString HistoryDatabase::newerSentence()
{
    return DatabaseWords::tr(
        "Your chats were written by a newer Argali. They can be read here, but new "
        "ones are not kept.");
}

Failure HistoryDatabase::writeFailure(const SqlError& error)
{
    return Failure::withSentence(
        Error::Code::Missing,
        error.meansReadOnly()
            ? DatabaseWords::tr(
                  "Your chats cannot be saved: their file cannot be written to. Argali keeps "
                  "them while it is open and goes on trying.")
            : DatabaseWords::tr(
                  "Your chats cannot be saved: the disk may be full. Argali keeps them while "
                  "it is open and goes on trying."),
        error.text());
}

} // namespace argali::gui
