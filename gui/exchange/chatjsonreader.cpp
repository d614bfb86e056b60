// Reads a chat from JSON that may come from anywhere.
#include <cmath>

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

#include "engine/media/mediareader.h"
#include "gui/chat/conversationbook.h"
#include "gui/exchange/chatjson.h"
#include "gui/exchange/safename.h"
#include "gui/history/turnjson.h"

namespace argali::gui {
namespace {

struct JsonReaderWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ChatJson)
};

constexpr int deepestValue = 32;
constexpr int mostValues = 3'000'000; // a chat of mostTurns has less than half of them
constexpr qsizetype mostMediaOfTurn = 200;
constexpr qsizetype longestThumbnail = 512 << 10; // characters of base64
constexpr double largestNumber = 9'007'199'254'740'992.0;

/// What is not as the format says; English, for the details.
class Wrong final : public std::exception {
public:
    explicit Wrong(QString what) : m_what(std::move(what)) {}
    const QString& text() const { return m_what; }

private:
    QString m_what;
};

/// Values and nesting, counted before anything is built of them.
/// Throws: Wrong
void checkShape(const QByteArray& json)
{
    int depth = 0;
    int values = 0;
    bool inText = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json.at(i);
        if (inText) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inText = false;
            continue;
        }
        if (c == '"')
            inText = true;
        else if (c == '[' || c == '{')
            ++depth;
        else if (c == ']' || c == '}')
            --depth;
        if (c == ',' || c == '[' || c == '{')
            ++values;
        if (depth > deepestValue)
            throw Wrong(QStringLiteral("nested more than %1 times").arg(deepestValue));
        if (values > mostValues)
            throw Wrong(QStringLiteral("more than %1 values").arg(mostValues));
    }
}

/// The members of one object, held to their kinds.
class Members final {
public:
    Members(const QJsonObject& object, QString where) : m_object(object), m_where(std::move(where))
    {
    }
    QString text(const char* key, qsizetype longest) const
    {
        const QJsonValue value = m_object.value(QLatin1String(key));
        if (value.isUndefined())
            return {};
        if (!value.isString())
            throw Wrong(what(key, "is not text"));
        QString text = value.toString();
        if (text.size() > longest)
            throw Wrong(what(key, "is too long"));
        text.remove(QChar(0));
        return text.isValidUtf16() ? text : QString::fromUtf8(text.toUtf8());
    }
    bool flag(const char* key) const
    {
        const QJsonValue value = m_object.value(QLatin1String(key));
        if (!value.isUndefined() && !value.isBool())
            throw Wrong(what(key, "is neither true nor false"));
        return value.toBool();
    }
    /// A whole number, 0 where it is missing.
    qint64 number(const char* key) const
    {
        const QJsonValue value = m_object.value(QLatin1String(key));
        if (value.isUndefined())
            return 0;
        const double number = value.toDouble(-1);
        if (!value.isDouble() || !(number >= 0) || number > largestNumber ||
            number != std::floor(number))
            throw Wrong(what(key, "is not a whole number"));
        return qint64(number);
    }
    /// A time that has been; now where it cannot be one.
    qint64 time(const char* key) const
    {
        const qint64 now = QDateTime::currentMSecsSinceEpoch();
        const qint64 time = number(key);
        return time > 0 && time < now ? time : now;
    }
    QJsonObject object(const char* key) const
    {
        const QJsonValue value = m_object.value(QLatin1String(key));
        if (!value.isUndefined() && !value.isObject())
            throw Wrong(what(key, "is no object"));
        return value.toObject();
    }
    QJsonArray list(const char* key, qsizetype most) const
    {
        const QJsonValue value = m_object.value(QLatin1String(key));
        if (!value.isUndefined() && !value.isArray())
            throw Wrong(what(key, "is no list"));
        if (value.toArray().size() > most)
            throw Wrong(what(key, "is too long"));
        return value.toArray();
    }
    static QJsonObject itemOf(const QJsonArray& list, qsizetype index, const QString& where)
    {
        if (!list.at(index).isObject())
            throw Wrong(where + QStringLiteral(" is no object"));
        return list.at(index).toObject();
    }

private:
    QString what(const char* key, const char* how) const
    {
        return QStringLiteral("%1: \"%2\" %3").arg(m_where, QLatin1String(key), QLatin1String(how));
    }

    const QJsonObject m_object;
    const QString m_where;
};

/// A small picture through the reader with its limits; none when it is anything else.
QImage readThumbnail(const QString& base64, const std::stop_token& stop)
{
    if (base64.isEmpty() || base64.size() > longestThumbnail)
        return {};
    const auto decoded =
        QByteArray::fromBase64Encoding(base64.toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return {};
    constexpr QSize most = MediaFile::thumbnailSize;
    MediaLimits limits;
    limits.pictureBytes = longestThumbnail;
    limits.pixels = int64_t(most.width()) * most.height();
    try {
        const QByteArray& bytes = *decoded;
        const Image image =
            readPicture(std::as_bytes(std::span(bytes.constData(), size_t(bytes.size()))),
                        "thumbnail", Orientation::Upright, stop, limits);
        if (image.isEmpty() || image.width() > most.width() || image.height() > most.height())
            return {};
        return QImage(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                      QImage::Format_RGB888)
            .convertToFormat(QImage::Format_RGB32);
    } catch (const std::exception&) { // it is only a thumbnail
        return {};
    }
}

/// Whether this may stand between two separators of a path and lead nowhere else.
bool isPlainName(const QString& name)
{
    return !name.isEmpty() && name.size() <= 255 && !name.startsWith(QLatin1Char('.')) &&
           !name.contains(QLatin1Char('/')) && !name.contains(QLatin1Char('\\')) &&
           !name.contains(QChar(0));
}

/// Reads one chat. Its functions throw Wrong.
class Reader final {
public:
    explicit Reader(std::stop_token stop) : m_stop(std::move(stop)) {}

    ReadChat read(const QJsonObject& whole)
    {
        const Members members(whole, QStringLiteral("chat"));
        ConversationHead& head = m_read.chat.head;
        head.title = cleanName(members.text("title", chatjson::longestText));
        head.pinned = members.flag("pinned");
        head.created = members.time("created");
        head.changed = std::max(head.created, members.time("changed"));
        m_read.chat.folder = cleanName(members.text("folder", chatjson::longestText));
        const QJsonArray turns = members.list("turns", chatjson::mostTurns);
        if (turns.isEmpty())
            throw Wrong(QStringLiteral("chat: no turns"));
        for (qsizetype i = 0; i < turns.size() && !m_stop.stop_requested(); ++i) {
            const QString where = QStringLiteral("turn %1").arg(i + 1);
            readTurn(Members(Members::itemOf(turns, i, where), where), where);
        }
        return std::move(m_read);
    }

private:
    void readTurn(const Members& members, const QString& where)
    {
        Turn turn;
        turn.id = quint64(m_read.chat.turns.size()) + 1;
        const quint64 number = quint64(members.number("id"));
        turn.parent = parentOf(quint64(members.number("parent")));
        if (number == 0 || m_numbers.contains(number))
            ++m_read.repaired; // nothing can go on from it by that number
        else
            m_numbers.insert(number, turn.id);
        turn.created = members.time("created");
        turn.model = cleanName(members.text("model", chatjson::longestText));
        turn.question = members.text("question", chatjson::longestText);
        Answer& answer = turn.answer;
        answer.text = members.text("answer", chatjson::longestText);
        answer.thinking = members.text("thinking", chatjson::longestText);
        answer.thinkingDone = !answer.thinking.isEmpty();
        const QString state = members.text("state", 40);
        answer.state =
            state == QLatin1String("failed") ? Answer::State::Failed : Answer::State::Finished;
        answer.interrupted = state == QLatin1String("interrupted");
        readTurnDetails(turn, members.object("details"));
        if (answer.interrupted)
            answer.finishReason = FinishReason::Cancelled;
        readMedia(turn, members.list("media", mostMediaOfTurn), where);
        if (members.flag("shown"))
            m_read.chat.chosen.push_back(turn.id);
        m_read.chat.turns.push_back(std::move(turn));
    }

    /// A parent stands before its children, so that there can be no circle.
    quint64 parentOf(quint64 number)
    {
        if (number == 0 || m_numbers.contains(number))
            return m_numbers.value(number);
        ++m_read.repaired;
        return 0;
    }

    void readMedia(Turn& turn, const QJsonArray& list, const QString& where)
    {
        for (qsizetype i = 0; i < list.size(); ++i) {
            const QString here = where + QStringLiteral(", medium %1").arg(i + 1);
            const Members members(Members::itemOf(list, i, here), here);
            if (m_read.media.size() >= size_t(chatjson::mostMedia))
                throw Wrong(QStringLiteral("more than %1 media").arg(chatjson::mostMedia));
            NamedMedia named{
                m_read.chat.turns.size(), turn.media.size(), {}, {}, members.text("sha256", 64)};
            MediaFile file;
            readMediaDetails(file, members.object("details"));
            file.path =
                safeName(members.text("name", 4096),
                         file.isFilm() ? QStringLiteral("film") : QStringLiteral("picture"));
            file.thumbnail =
                readThumbnail(members.text("thumbnail", chatjson::longestText), m_stop);
            const QString path = members.text("file", 4096);
            const qsizetype slash = path.indexOf(QLatin1Char('/'));
            if (isPlainName(path.left(slash)) && isPlainName(path.mid(slash + 1)) && slash > 0) {
                named.folder = path.left(slash);
                named.file = path.mid(slash + 1);
            } else if (!path.isEmpty()) {
                ++m_read.repaired; // it leads elsewhere, and is not looked for
            }
            turn.media.append(file);
            m_read.media.push_back(named);
        }
    }

    ReadChat m_read;
    QHash<quint64, quint64> m_numbers; ///< in the file, to those here
    const std::stop_token m_stop;
};

Failure notAChat(const QString& name, const QString& why)
{
    return Failure::withSentence(
        Error::Code::Unsupported,
        JsonReaderWords::tr("“%1” is not a chat that Argali exported as JSON.").arg(name), why);
}

} // namespace

Result<ReadChat> readChat(const QByteArray& json, const QString& name, const std::stop_token& stop)
{
    try {
        checkShape(json);
        QJsonParseError error;
        const QJsonDocument document = QJsonDocument::fromJson(json, &error);
        if (error.error != QJsonParseError::NoError)
            return notAChat(
                name, QStringLiteral("%1 at byte %2").arg(error.errorString()).arg(error.offset));
        const QJsonObject whole = document.object();
        if (whole.value(QLatin1String("format")).toString() != QLatin1String("argali-chat"))
            return notAChat(name, QStringLiteral("\"format\" is not \"argali-chat\""));
        const qint64 version = Members(whole, QStringLiteral("chat")).number("version");
        if (version > chatjson::version)
            return Failure::withSentence(
                Error::Code::Unsupported,
                JsonReaderWords::tr("“%1” was exported by a newer Argali. Import it there.")
                    .arg(name),
                QStringLiteral("version %1").arg(version));
        if (version < 1)
            return notAChat(name, QStringLiteral("no version"));
        return Reader(stop).read(whole);
    } catch (const Wrong& wrong) {
        return Failure::withSentence(
            Error::Code::Unsupported,
            JsonReaderWords::tr(
                "“%1” is damaged, or larger than a chat can be. Nothing of it was imported.")
                .arg(name),
            wrong.text());
    }
}

} // namespace argali::gui
