#include "gui/exchange/markdownexport.h"

#include <QRegularExpression>
#include <QUrl>

#include "gui/chat/conversationbook.h"
#include "gui/exchange/mediafolder.h"
#include "gui/exchange/turnwords.h"

namespace argali::gui {
namespace {

struct MarkdownWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::MarkdownExport)
};

QString literalLine(const QString& line)
{
    // Without "]": what opens nothing is closed by nothing, and "\\[ \\]" is a formula to many.
    static const QString marks = QStringLiteral("\\`*_[<>&$~|");
    QString out;
    qsizetype at = 0;
    for (; at < line.size() && line.at(at).isSpace(); ++at)
        out += QChar(QChar::Nbsp); // four spaces would begin a block of code
    const QString rest = line.mid(at);
    static const QRegularExpression number(QStringLiteral("^\\d{1,9}(?=[.)])"));
    qsizetype from = 0;
    if (const auto found = number.match(rest); found.hasMatch()) {
        out += found.captured() + QLatin1Char('\\');
        from = found.capturedLength();
        out += rest.at(from++);
    } else if (!rest.isEmpty() && QStringLiteral("#+-=").contains(rest.front())) {
        out += QLatin1Char('\\');
    }
    for (; from < rest.size(); ++from) {
        const QChar c = rest.at(from);
        // An address that makes a link of itself takes the marks in it for its own.
        const bool links =
            (c == QLatin1Char(':') &&
             QStringView(rest).mid(from).startsWith(QLatin1String("://"))) ||
            (c == QLatin1Char('.') &&
             QStringView(rest).first(from).endsWith(QLatin1String("www"), Qt::CaseInsensitive));
        if (links || marks.contains(c))
            out += QLatin1Char('\\');
        out += c;
    }
    return out;
}

QString address(const QString& folder, const QString& name)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(folder)) + QLatin1Char('/') +
           QString::fromLatin1(QUrl::toPercentEncoding(name));
}

/// Writes one chat.
class MarkdownWriter final {
public:
    MarkdownWriter(const ExportOptions& options, MediaFolder& media, const QString& mediaName)
        : m_options(options), m_media(media), m_mediaName(mediaName)
    {
    }
    void paragraph(const QString& markdown)
    {
        if (!markdown.isEmpty())
            m_out += markdown + QStringLiteral("\n\n");
    }
    void head(const Conversation& chat, bool hasBranches)
    {
        QString title = literalMarkdown(chat.title());
        if (title.endsWith(QLatin1Char('#'))) // else it would be taken for the heading's own
            title.insert(title.size() - 1, QLatin1Char('\\'));
        paragraph(QStringLiteral("# ") + title);
        QStringList lines{MarkdownWords::tr("Chat of %1, exported from Argali")
                              .arg(dateWords(chat.head().created))};
        const QStringList models = modelsOf(chat.turns());
        if (!models.isEmpty())
            lines << MarkdownWords::tr("Model: %1").arg(models.join(QStringLiteral(", ")));
        lines << MarkdownWords::tr("%Ln question(s)", nullptr, int(chat.turns().size()));
        if (hasBranches)
            lines << branchWords();
        for (const QString& line : lines)
            m_out += QStringLiteral("- ") + literalMarkdown(line) + QLatin1Char('\n');
        m_out += QLatin1Char('\n');
    }
    void turn(const Turn& turn)
    {
        paragraph(QStringLiteral("---"));
        paragraph(heading(MarkdownWords::tr("Question"), dateWords(turn.created)));
        for (const MediaFile& file : turn.media)
            medium(file);
        paragraph(literalMarkdown(turn.question));
        paragraph(heading(MarkdownWords::tr("Answer"), answerWords(turn)));
        if (m_options.thinking && !turn.answer.thinking.isEmpty()) {
            m_out += QStringLiteral("> *") + literalMarkdown(thinkingWords(turn.answer)) +
                     QStringLiteral("*\n>\n");
            for (const QString& line : turn.answer.thinking.split(QLatin1Char('\n')))
                m_out += QStringLiteral("> ") + line + QLatin1Char('\n');
            m_out += QLatin1Char('\n');
        }
        answer(turn.answer.text);
        const QString end = endWords(turn);
        if (!end.isEmpty())
            paragraph(QLatin1Char('*') + literalMarkdown(end) + QLatin1Char('*'));
    }
    QString take() { return std::move(m_out); }

private:
    static QString heading(const QString& what, const QString& more)
    {
        const QString bold = QStringLiteral("**%1**").arg(literalMarkdown(what));
        return more.isEmpty() ? bold : bold + QStringLiteral(" · ") + literalMarkdown(more);
    }

    void answer(const QString& text)
    {
        if (text.isEmpty())
            return;
        m_out += text;
        if (!text.endsWith(QLatin1Char('\n')))
            m_out += QLatin1Char('\n');
        const QString fence = closingFence(text);
        if (!fence.isEmpty())
            m_out += fence + QLatin1Char('\n');
        m_out += QLatin1Char('\n');
    }

    void medium(const MediaFile& file)
    {
        const MediaFolder::Copy& copy = m_media.add(file);
        if (copy.name.isEmpty()) {
            paragraph(QLatin1Char('*') + literalMarkdown(missingWords(file.name())) +
                      QLatin1Char('*'));
            return;
        }
        const QString link =
            QStringLiteral("[%1](%2)")
                .arg(literalMarkdown(cleanName(file.name())), address(m_mediaName, copy.name));
        if (!file.isFilm()) {
            paragraph(QLatin1Char('!') + link);
            return;
        }
        QString line = link + QStringLiteral(" · ") + literalMarkdown(file.badge());
        if (const QString frames = frameWords(file); !frames.isEmpty())
            line += QStringLiteral(" · ") + literalMarkdown(frames);
        paragraph(line);
    }

    const ExportOptions& m_options;
    MediaFolder& m_media;
    const QString& m_mediaName;
    QString m_out;
};

} // namespace

QString toMarkdown(const ExchangedChat& chat, const ExportOptions& options, MediaFolder& media,
                   const QString& mediaName, const std::stop_token& stop)
{
    Conversation conversation(chat.head);
    conversation.fill(chat.turns, chat.chosen);
    MarkdownWriter writer(options, media, mediaName);
    writer.head(conversation, conversation.turns().size() < chat.turns.size());
    for (const Turn& turn : conversation.turns()) {
        if (stop.stop_requested())
            break;
        writer.turn(turn);
    }
    return writer.take();
}

QString literalMarkdown(const QString& text)
{
    QString even = text;
    even.replace(QStringLiteral("\r\n"), QStringLiteral("\n"))
        .replace(QLatin1Char('\r'), QLatin1Char('\n'));
    const QStringList lines = even.split(QLatin1Char('\n'));
    QString out;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const bool isBlank = lines[i].trimmed().isEmpty();
        if (!isBlank)
            out += literalLine(lines[i]);
        if (i + 1 == lines.size())
            break;
        if (!isBlank && !lines[i + 1].trimmed().isEmpty())
            out += QLatin1Char('\\'); // the line ends here, too
        out += QLatin1Char('\n');
    }
    return out.trimmed();
}

QString closingFence(const QString& markdown)
{
    static const QRegularExpression fence(QStringLiteral("^ {0,3}(`{3,}|~{3,})(.*)$"));
    QString open;
    for (const QString& line : markdown.split(QLatin1Char('\n'))) {
        const auto found = fence.match(line);
        if (!found.hasMatch())
            continue;
        const QString marks = found.captured(1);
        const QString rest = found.captured(2);
        if (open.isEmpty()) {
            if (marks.front() == QLatin1Char('~') || !rest.contains(QLatin1Char('`')))
                open = marks;
        } else if (marks.startsWith(open) && rest.trimmed().isEmpty()) {
            open.clear();
        }
    }
    return open;
}

} // namespace argali::gui
