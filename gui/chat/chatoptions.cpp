#include "gui/chat/chatoptions.h"

#include <algorithm>

#include <QRandomGenerator>

namespace argali::gui {
namespace {

bool has(const std::vector<std::string>& names, const QString& name)
{
    return std::find(names.begin(), names.end(), name.toStdString()) != names.end();
}

/// What the chat asks for and the model does not have is left out; the chat goes on to ask for it.
void holdToModel(AnswerOptions& options, const std::optional<LoadedModel>& model)
{
    const bool isLocal = model && model->isLocal();
    if (!isLocal || !model->hasAdapter(options.adapter))
        options.adapter.clear();
    if (!isLocal || model->info.maxTiles == 0)
        options.maxTiles = 0;
    if (!isLocal || model->info.maxPixels == 0)
        options.minPixels = options.maxPixels = 0;
    if (!isLocal || !has(model->info.aspectRatios, options.aspectRatio))
        options.aspectRatio.clear();
    if (!isLocal || !has(model->info.templates, options.promptTemplate))
        options.promptTemplate.clear();
}

} // namespace

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

void ChatOptions::apply(const AnswerOptions& preset)
{
    AnswerOptions options = preset;
    options.adapter = current().adapter;
    set(options);
}

void ChatOptions::setAdapter(quint64 id, const QString& name)
{
    const Conversation* chat = m_book.byId(id);
    if (!chat)
        return;
    AnswerOptions options = chat->options.value_or(defaults());
    if (options.adapter == name)
        return;
    options.adapter = name;
    set(id, options);
}

void ChatOptions::useDefaults()
{
    if (m_book.current().isEmpty() && current().adapter.isEmpty())
        m_book.setOptions(chat(), std::nullopt);
    else
        apply(defaults());
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
    holdToModel(options, model);
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
