#pragma once

#include <QCoreApplication>
#include <QKeySequence>
#include <QList>
#include <QString>

class QAction;
class QKeyEvent;
class QShortcut;
class QWidget;

namespace argali::gui {

/// What keys do; one row of the table each.
enum class Shortcut {
    NewChat,
    NewFolder,
    SearchChats,
    RenameChat,
    DeleteChat,
    UndoDelete,
    OpenRow,
    RenameRow,
    DeleteRow,
    Send,
    NewLine,
    Attach,
    Paste,
    EditLast,
    Regenerate,
    Stop,
    Find,
    FindNext,
    FindEarlier,
    FindClose,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    ViewPicture,
    PictureLeft,
    PictureRight,
    RemovePicture,
    FrameLeft,
    FrameRight,
    FrameTenLeft,
    FrameTenRight,
    EarlierFrame,
    LaterFrame,
    FirstFrame,
    LastFrame,
    RemoveFrame,
    ViewFrame,
    PlayLeft,
    PlayRight,
    PlayTenLeft,
    PlayTenRight,
    Play,
    AddFrame,
    ViewerLeft,
    ViewerRight,
    ViewerUp,
    ViewerDown,
    ViewerZoomIn,
    ViewerZoomOut,
    ViewerFit,
    ViewerPixels,
    ToggleSide,
    TogglePanel,
    OpenSettings,
    ListShortcuts,
    Quit,
};

/// Where keys have the focus that mean it; what is in Window holds everywhere where nothing nearer
/// wants the key.
enum class ShortcutContext { Window, List, Question, Find, Pictures, Frames, Preview, Viewer };

/// The table of all keys: whoever takes a key, shows one in a tooltip or lists them asks here.
class Shortcuts final {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Shortcuts)
public:
    struct Row {
        Shortcut id;
        ShortcutContext context;
        QList<QKeySequence> keys; ///< the first is the one that tooltips name
        QString words;            ///< what it does, translated
    };
    /// What belongs together, under a translated heading.
    struct Group {
        QString heading;
        QList<Row> rows;
    };

    /// sendWithEnter: as the setting says
    static QList<Group> table(bool sendWithEnter = true);
    static QList<QKeySequence> keys(Shortcut id, bool sendWithEnter = true);
    /// The keys in the desktop's words: the first one, and all of them.
    static QString text(Shortcut id, bool sendWithEnter = true);
    static QString allText(const Row& row);
    /// For a tooltip: "Later picture (Right)".
    static QString tip(const QString& words, Shortcut id);
    /// Enter of the number pad counts as the other one.
    static bool matches(const QKeyEvent& event, Shortcut id, bool sendWithEnter = true);

    /// Gives an action its keys; from then on the window does what the row says.
    static void give(QAction& action, Shortcut id);
    static void give(QShortcut& shortcut, Shortcut id);
    /// Rows of other contexts always work, one of the window when something there has its keys.
    static bool works(const QWidget& window, const Row& row);
};

} // namespace argali::gui
