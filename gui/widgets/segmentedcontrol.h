#pragma once

#include <QList>
#include <QWidget>

class QAbstractButton;

namespace argali::gui {

/// A row of exclusive choices; arrow keys move between them.
class SegmentedControl final : public QWidget {
    Q_OBJECT
public:
    explicit SegmentedControl(const QStringList& captions, QWidget* parent = nullptr);

    int currentIndex() const;
    void setCurrentIndex(int index); ///< Signals only a change.
    QAbstractButton* segment(int index) const { return m_segments.at(index); }

signals:
    void currentChanged(int index);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QList<QAbstractButton*> m_segments;
    int m_current = 0;
};

} // namespace argali::gui
