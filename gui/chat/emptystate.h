#pragma once

#include <optional>

#include <QHash>
#include <QScrollArea>

#include "gui/chat/engineworker.h"
#include "gui/chat/samples.h"

class QGridLayout;
class QLabel;
class QMimeData;

namespace argali::gui {

class DropZone;
class MediaLoader;
class SampleCard;

/// What an empty chat shows: what to do, sample pictures with a question, two drop zones.
class EmptyState final : public QScrollArea {
    Q_OBJECT
public:
    EmptyState(MediaLoader& loader, const QList<Sample>& samples, QWidget* parent = nullptr);

    /// Says in a sentence which model will answer; fits every state of it.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    void setDropHot(bool hot); ///< A file is being dragged over the window.
    const QList<SampleCard*>& cards() const { return m_cards; }

signals:
    void sampleChosen(const argali::gui::Sample& sample);
    void dropped(const QMimeData& data);
    void filesRequested(bool film);
    void modelRequested(); ///< the link that opens another model

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void arrange();
    void showSentence();
    void showSight();

    MediaLoader& m_loader;
    std::optional<LoadedModel> m_model;
    bool m_loading = false;
    QLabel* m_mark = nullptr;
    QLabel* m_headline = nullptr;
    QLabel* m_sentence = nullptr;
    QGridLayout* m_grid = nullptr;
    QGridLayout* m_zones = nullptr;
    QList<SampleCard*> m_cards;
    QHash<quint64, SampleCard*> m_waiting; // by ticket of the media loader
    DropZone* m_pictures = nullptr;
    DropZone* m_film = nullptr;
    int m_columns = 0;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::Sample)
