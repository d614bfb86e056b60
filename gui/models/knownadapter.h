#pragma once

#include <optional>

#include <QList>
#include <QString>

#include "engine/engine.h"
#include "gui/failure.h"

namespace argali::gui {

/// An adapter that belongs to a model, as the settings remember it.
struct KnownAdapter {
    QString name; ///< that chats call it by; no other adapter of the model has it
    QString path; ///< its folder, or its file
    std::optional<double> textAlpha{}; ///< where its file does not hold them
    std::optional<double> visionAlpha{};

    AdapterSource source() const;
    bool operator==(const KnownAdapter&) const = default;
};

/// ... and whether it can answer.
struct LoadedAdapter {
    KnownAdapter known;
    std::optional<Failure> failure{}; ///< why it cannot

    bool isReady() const { return !failure; }
};

/// Why an adapter cannot be used and what to do, in the user's language.
/// onCard: the model is on a card
QString adapterSentence(const Failure& failure, bool onCard);

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::KnownAdapter)
