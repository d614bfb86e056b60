#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "gui/chat/engineworker.h"
#include "gui/settings/answeroptions.h"

namespace argali::gui {

class ComboBox;
class SegmentedControl;
class ValueSlider;

/// What a model leaves open about pictures and its prompt: the part of an AnswerForm of which
/// only that is to be seen which the model has.
class PictureFields final : public QWidget {
    Q_OBJECT
public:
    explicit PictureFields(QWidget* parent = nullptr);

    void setModel(const std::optional<LoadedModel>& model);
    bool isEmpty() const; ///< The model leaves nothing open.
    /// Signals nothing. sentence: what the default buttons say they do, with %1 for the value
    void show(const AnswerOptions& options, const AnswerOptions& defaults, const QString& sentence);
    void copyTo(AnswerOptions& options) const; ///< What is chosen here.

    ValueSlider* tiles() const { return m_tiles; }
    ValueSlider* smallest() const { return m_smallest; } ///< in thousands of pixels
    ValueSlider* largest() const { return m_largest; }
    SegmentedControl* aspectRatio() const { return m_ratio; }
    ComboBox* promptTemplate() const { return m_template; }
    QString tilesHint() const { return m_tilesHint; }
    std::vector<ValueSlider*> sliders() const { return {m_tiles, m_smallest, m_largest}; }

signals:
    void edited();

private:
    ValueSlider* addPixels(const QString& caption, const QString& description);
    void makeRatio();
    void makeTemplate();
    void fillTemplates();
    void showHints();
    void holdPixels(const ValueSlider* moved);

    ModelInfo m_info;
    qint64 m_tileTokens = 0;
    bool m_showing = false; ///< what changes now is not the user's doing
    QString m_tilesHint;
    ValueSlider* m_tiles = nullptr;
    ValueSlider* m_smallest = nullptr;
    ValueSlider* m_largest = nullptr;
    QWidget* m_ratioRow = nullptr;
    SegmentedControl* m_ratio = nullptr;
    QWidget* m_templateRow = nullptr;
    ComboBox* m_template = nullptr;
    QString m_otherRatio; ///< what the chat has and this model has not
    QString m_otherTemplate;
};

} // namespace argali::gui
