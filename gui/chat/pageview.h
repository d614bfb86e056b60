#pragma once

#include <QWebEngineView>

namespace argali::gui {

/// The view of the transcript's page: with a menu of our own, and without drops, which belong to
/// the window.
class PageView final : public QWebEngineView {
    Q_OBJECT
public:
    explicit PageView(QWidget* parent);

protected:
    void contextMenuEvent(QContextMenuEvent* event) override;
};

} // namespace argali::gui
