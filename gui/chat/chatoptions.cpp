#include "gui/chat/chatoptions.h"

#include <algorithm>

#include <QRandomGenerator>

namespace argali::gui {

ChatOptions::ChatOptions(Settings& settings, ConversationBook& book, QObject* parent)
    : QObject(parent), m_settings(settings), m_book(book)
{
    connect(&book, &ConversationBook::aboutToSwitch, this, &ChatOptions::aboutToSwitch);
    connect(&book, &ConversationBook::switched, this, &ChatOptions::changed);
    connect(&book, &ConversationBook::optionsChanged, this, [this](quint64 id) {
        if (id == chat())
            emit changed();
    });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key.startsWith("answer/"))
            emit changed();
    });
}

AnswerOptions ChatOptions::current() const
{
    return m_book.current().options.value_or(defaults());
}

void ChatOptions::set(const AnswerOptions& options)
{
    set(chat(), options);
}

void ChatOptions::set(quint64 id, const AnswerOptions& options)
{
    m_book.setOptions(id, options);
}

void ChatOptions::useDefaults()
{
    if (m_book.current().isEmpty())
        m_book.setOptions(chat(), std::nullopt);
    else
        set(defaults());
}

void ChatOptions::keep()
{
    if (!m_book.current().options)
        set(defaults());
}

AnswerOptions ChatOptions::forAnswer(const std::optional<LoadedModel>& model) const
{
    AnswerOptions options = current();
    options.tellTimes = m_settings.value(settings::tellTimes);
    // The turn keeps it, so that it can be said later how the answer was drawn.
    if (!options.sampling.seed)
        options.sampling.seed = QRandomGenerator::global()->generate64();
    if (!model)
        return options;
    options.thinking = options.thinking && model->info.thinks;
    if (model->context > 0 && options.longestAnswer > model->context) {
        options.longestAnswer = int(model->context);
        options.thinkingBudget = std::clamp(options.thinkingBudget, 1,
                                            std::max(1, options.longestAnswer - answerReserve));
    }
    return options;
}

} // namespace argali::gui
