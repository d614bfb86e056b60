#include "gui/chat/transcriptturn.h"

#include <algorithm>
#include <utility>

#include <QJsonArray>
#include <QJsonDocument>
#include <QLocale>

#include "gui/chat/markdown.h"
#include "gui/chat/openblock.h"

namespace argali::gui {

void TranscriptTurn::beginAnswer(const QString& model, const QString& source, int budget)
{
    m_hasAnswer = true;
    m_model = model;
    m_source = source;
    m_budget = budget;
    m_headSent = false;
}

void TranscriptTurn::appendThinking(const QString& piece, int tokens)
{
    if (m_end != End::None)
        return;
    m_hasThinking = true;
    m_thinkingTokens = std::max(m_thinkingTokens, tokens);
    m_thinking.blocks.append(piece);
    m_thinking.openSent = false;
    m_thinkingSent = false;
}

void TranscriptTurn::appendText(const QString& piece)
{
    if (m_end != End::None)
        return;
    m_text.blocks.append(piece);
    m_text.openSent = false;
}

void TranscriptTurn::takeTextBack()
{
    if (m_end != End::None)
        return;
    m_text = {};
    m_text.openSent = false; // the page has to hear of it
}

void TranscriptTurn::setThinkingDone(qint64 milliseconds, int tokens, bool budgetReached)
{
    m_hasThinking = true;
    m_thinkingDone = true;
    m_thinkingTime = milliseconds;
    m_thinkingTokens = tokens;
    m_budgetReached = budgetReached;
    m_thinking.blocks.finish();
    m_thinkingSent = false;
}

void TranscriptTurn::finish(const QString& statistics, const QString& note)
{
    if (m_hasThinking && !m_thinkingDone)
        setThinkingDone(0, m_thinkingTokens, false);
    m_text.blocks.finish();
    m_statistics = statistics;
    m_note = note;
    m_end = End::Finished;
    m_endSent = false;
}

void TranscriptTurn::fail(const QString& sentence, const QString& details,
                          const QList<Action>& actions)
{
    finish({}, {});
    m_sentence = sentence;
    m_details = details;
    m_actions = actions;
    m_end = End::Failed;
}

void TranscriptTurn::setAnswerNowEnabled(bool enabled)
{
    m_answerNow = enabled;
    m_thinkingSent = m_thinkingSent && (!m_hasThinking || m_thinkingDone);
}

void TranscriptTurn::setBranch(int position, int count)
{
    m_position = position;
    m_count = count;
    m_branchSent = false;
}

void TranscriptTurn::forgetPage()
{
    m_notesToSend.clear(); // they are in the question now
    m_branchSent = m_count < 2;
    m_questionSent = false;
    m_headSent = !m_hasAnswer;
    m_thinkingSent = !m_hasThinking;
    m_endSent = m_end == End::None;
    for (Stream* stream : {&m_thinking, &m_text}) {
        stream->sent = 0;
        stream->openSent = stream->blocks.open().empty();
    }
}

void TranscriptTurn::setPictureNote(int index, const QString& sentence)
{
    if (!hasPicture(index) || m_pictures[index].badge == sentence)
        return;
    m_pictures[index].badge = sentence;
    if (m_questionSent)
        m_notesToSend.append(index);
}

bool TranscriptTurn::hasChanges() const
{
    return !m_notesToSend.isEmpty() || !m_questionSent || !m_headSent || !m_thinkingSent ||
           !m_endSent || !m_branchSent || m_thinking.hasChanges() || m_text.hasChanges();
}

bool TranscriptTurn::hasAction(const QString& id) const
{
    return std::any_of(m_actions.begin(), m_actions.end(),
                       [&](const Action& a) { return a.id == id; });
}

void TranscriptTurn::add(std::string& commands, const QJsonObject& command) const
{
    QJsonObject whole = command;
    whole.insert(QLatin1String("turn"), QString::number(m_id));
    if (!commands.empty())
        commands += ',';
    commands += QJsonDocument(whole).toJson(QJsonDocument::Compact).toStdString();
}

bool TranscriptTurn::takeCommands(std::string& commands, size_t most, quint64 next)
{
    if (!m_questionSent) {
        QJsonArray pictures;
        for (const Picture& picture : m_pictures)
            pictures.append(QJsonObject{{QLatin1String("source"), picture.source},
                                        {QLatin1String("name"), picture.name},
                                        {QLatin1String("badge"), picture.badge},
                                        {QLatin1String("film"), picture.film},
                                        {QLatin1String("width"), picture.size.width()},
                                        {QLatin1String("height"), picture.size.height()}});
        add(commands, {{QLatin1String("do"), QLatin1String("question")},
                       {QLatin1String("next"), next ? QString::number(next) : QString()},
                       {QLatin1String("text"), m_question},
                       {QLatin1String("pictures"), pictures}});
        m_questionSent = true;
    }
    for (const int index : std::exchange(m_notesToSend, {}))
        add(commands, {{QLatin1String("do"), QLatin1String("badge")},
                       {QLatin1String("index"), index},
                       {QLatin1String("text"), m_pictures[index].badge}});
    if (!m_headSent) {
        add(commands, {{QLatin1String("do"), QLatin1String("answer")},
                       {QLatin1String("model"), m_model},
                       {QLatin1String("source"), m_source}});
        m_headSent = true;
    }
    if (!m_thinkingSent) {
        add(commands, thinkingCommand());
        m_thinkingSent = true;
    }
    takeStream(commands, most, m_thinking, "thinking");
    takeStream(commands, most, m_text, "text");
    const bool textIsWhole = !m_thinking.hasChanges() && !m_text.hasChanges();
    if (!m_endSent && textIsWhole) {
        add(commands, endCommand());
        m_endSent = true;
    }
    if (!m_branchSent) {
        add(commands,
            {{QLatin1String("do"), QLatin1String("branch")},
             {QLatin1String("position"), m_position},
             {QLatin1String("count"), m_count},
             {QLatin1String("text"), QStringLiteral("%1 / %2").arg(QLocale().toString(m_position),
                                                                   QLocale().toString(m_count))}});
        m_branchSent = true;
    }
    return hasChanges();
}

void TranscriptTurn::takeStream(std::string& commands, size_t most, Stream& stream,
                                const char* part)
{
    if (!stream.hasChanges() || commands.size() >= most)
        return;
    std::string trees;
    const size_t first = stream.sent;
    while (stream.sent < stream.blocks.finishedCount() && commands.size() + trees.size() < most) {
        if (!trees.empty())
            trees += ',';
        trees += toJson(renderMarkdown(stream.blocks.finished(stream.sent), false, m_live));
        ++stream.sent;
    }
    bool isOpen = false;
    if (stream.sent == stream.blocks.finishedCount()) {
        stream.openSent = true;
        if (!stream.blocks.open().empty()) {
            if (!trees.empty())
                trees += ',';
            trees += toJson(renderMarkdown(presentable(stream.blocks.open()), true, m_live));
            isOpen = true;
        }
    }
    if (!commands.empty())
        commands += ',';
    commands += "{\"do\":\"blocks\",\"turn\":\"" + std::to_string(m_id) + "\",\"part\":\"" + part +
                "\",\"at\":" + std::to_string(first) + ",\"open\":" + (isOpen ? "true" : "false") +
                ",\"blocks\":[" + trees + "]}";
}

QJsonObject TranscriptTurn::thinkingCommand() const
{
    const QLocale locale;
    QString label = tr("Thinking");
    if (m_thinkingDone) {
        label =
            m_thinkingTime > 0
                ? tr("Thought for %1 s").arg(locale.toString(double(m_thinkingTime) / 1000, 'f', 1))
                : tr("Thought");
    }
    const QString tokens = locale.toString(m_thinkingTokens);
    QString count = m_budget > 0 ? tr("%1 of %2 tokens").arg(tokens, locale.toString(m_budget))
                                 : tr("%n token(s)", nullptr, m_thinkingTokens);
    if (m_budgetReached)
        count = tr("%1, budget reached").arg(count);
    const double filled =
        m_budget > 0 ? std::clamp(double(m_thinkingTokens) / m_budget, 0.0, 1.0) : -1;
    return {{QLatin1String("do"), QLatin1String("thinking")},
            {QLatin1String("label"), label},
            {QLatin1String("count"), count},
            {QLatin1String("filled"), filled},
            {QLatin1String("done"), m_thinkingDone},
            {QLatin1String("answerNow"), m_answerNow && !m_thinkingDone}};
}

QJsonObject TranscriptTurn::endCommand() const
{
    QJsonArray actions;
    for (const Action& action : m_actions)
        actions.append(
            QJsonObject{{QLatin1String("id"), action.id}, {QLatin1String("text"), action.text}});
    return {{QLatin1String("do"), QLatin1String("end")},
            {QLatin1String("failed"), m_end == End::Failed},
            {QLatin1String("statistics"), m_statistics},
            {QLatin1String("note"), m_note},
            {QLatin1String("sentence"), m_sentence},
            {QLatin1String("details"), m_details},
            {QLatin1String("actions"), actions}};
}

} // namespace argali::gui
