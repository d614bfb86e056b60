#pragma once

#include <optional>

#include <QDialog>

class QDoubleSpinBox;

namespace argali::gui {

/// Asks for what the file of a training run does not hold: the alphas that its LoRA was trained
/// with.
class AlphaQuestion final : public QDialog {
    Q_OBJECT
public:
    /// file: its path
    explicit AlphaQuestion(const QString& file, QWidget* parent = nullptr);

    /// None: there is no such part in the file.
    std::optional<double> textAlpha() const;
    std::optional<double> visionAlpha() const;
    QDoubleSpinBox* text() const { return m_text; }
    QDoubleSpinBox* vision() const { return m_vision; }

private:
    QDoubleSpinBox* makeNumber();

    QDoubleSpinBox* const m_text;
    QDoubleSpinBox* const m_vision;
};

} // namespace argali::gui
