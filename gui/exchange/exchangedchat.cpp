#include "gui/exchange/exchangedchat.h"

namespace argali::gui {

std::set<quint64> chosenTurns(const Conversation& chat)
{
    std::set<quint64> chosen;
    for (const Turn& turn : chat.turns())
        chosen.insert(turn.id);
    // To ask for each of a long branch that is shown would take the square of its length.
    for (const Turn* turn : chat.allTurns()) {
        if (!chosen.contains(turn->id) && chat.isChosen(turn->id))
            chosen.insert(turn->id);
    }
    return chosen;
}

ExchangedChat exchangedChat(const Conversation& chat, const QString& folder)
{
    ExchangedChat whole{chat.head(), folder, {}, {}};
    for (const Turn* turn : chat.allTurns())
        whole.turns.push_back(*turn);
    const std::set<quint64> chosen = chosenTurns(chat);
    whole.chosen.assign(chosen.begin(), chosen.end());
    return whole;
}

QString ExportOptions::ending() const
{
    switch (format) {
    case Format::Markdown:
        return QStringLiteral("md");
    case Format::Html:
        return QStringLiteral("html");
    case Format::Json:
        break;
    }
    return QStringLiteral("json");
}

} // namespace argali::gui
