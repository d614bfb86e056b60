#include "gui/shortcuts.h"

#include <algorithm>

#include <QAction>
#include <QKeyEvent>
#include <QShortcut>
#include <QWidget>

namespace argali::gui {
namespace {

using Context = ShortcutContext;

constexpr const char* idProperty = "shortcutId";

constexpr QKeyCombination ctrl(Qt::Key key)
{
    return Qt::CTRL | key;
}

constexpr QKeyCombination ctrlShift(Qt::Key key)
{
    return Qt::CTRL | Qt::SHIFT | key;
}

constexpr QKeyCombination shift(Qt::Key key)
{
    return Qt::SHIFT | key;
}

constexpr QKeyCombination alt(Qt::Key key)
{
    return Qt::ALT | key;
}

/// The words are made where they are needed, so that they are in the language of that time.
struct Keys {
    Shortcut id;
    Context context;
    QList<QKeySequence> keys;
};

/// Every key, one row a line and nowhere else.
const QList<Keys>& allKeys()
{
    static const QList<Keys> all{
        {Shortcut::NewChat, Context::Window, {ctrl(Qt::Key_N)}},
        {Shortcut::NewFolder, Context::Window, {ctrlShift(Qt::Key_N)}},
        {Shortcut::SearchChats, Context::Window, {ctrl(Qt::Key_K)}},
        {Shortcut::RenameChat, Context::Window, {Qt::Key_F2}},
        {Shortcut::DeleteChat, Context::Window, {ctrlShift(Qt::Key_D)}},
        {Shortcut::UndoDelete, Context::Window, {ctrl(Qt::Key_Z)}},
        {Shortcut::OpenRow, Context::List, {Qt::Key_Enter, Qt::Key_Space}},
        {Shortcut::RenameRow, Context::List, {Qt::Key_F2}},
        {Shortcut::DeleteRow, Context::List, {Qt::Key_Delete}},
        {Shortcut::Send, Context::Question, {Qt::Key_Enter, ctrl(Qt::Key_Enter)}},
        {Shortcut::NewLine, Context::Question, {shift(Qt::Key_Enter)}},
        {Shortcut::Attach, Context::Window, {ctrl(Qt::Key_O)}},
        {Shortcut::Paste, Context::Window, {ctrl(Qt::Key_V), shift(Qt::Key_Insert)}},
        {Shortcut::EditLast, Context::Window, {ctrlShift(Qt::Key_E)}},
        {Shortcut::Regenerate, Context::Window, {ctrl(Qt::Key_R)}},
        {Shortcut::Stop, Context::Window, {Qt::Key_Escape}},
        {Shortcut::Find, Context::Window, {ctrl(Qt::Key_F)}},
        {Shortcut::FindNext, Context::Find, {Qt::Key_Enter, Qt::Key_Down}},
        {Shortcut::FindEarlier, Context::Find, {shift(Qt::Key_Enter), Qt::Key_Up}},
        {Shortcut::FindClose, Context::Find, {Qt::Key_Escape}},
        {Shortcut::ZoomIn, Context::Window, {ctrl(Qt::Key_Plus), ctrl(Qt::Key_Equal)}},
        {Shortcut::ZoomOut, Context::Window, {ctrl(Qt::Key_Minus)}},
        {Shortcut::ZoomReset, Context::Window, {ctrl(Qt::Key_0)}},
        {Shortcut::ViewPicture, Context::Pictures, {Qt::Key_Enter, Qt::Key_Space}},
        {Shortcut::PictureLeft, Context::Pictures, {alt(Qt::Key_Left)}},
        {Shortcut::PictureRight, Context::Pictures, {alt(Qt::Key_Right)}},
        {Shortcut::RemovePicture, Context::Pictures, {Qt::Key_Delete, Qt::Key_Backspace}},
        {Shortcut::FrameLeft, Context::Frames, {Qt::Key_Left}},
        {Shortcut::FrameRight, Context::Frames, {Qt::Key_Right}},
        {Shortcut::FrameTenLeft, Context::Frames, {shift(Qt::Key_Left)}},
        {Shortcut::FrameTenRight, Context::Frames, {shift(Qt::Key_Right)}},
        {Shortcut::EarlierFrame, Context::Frames, {Qt::Key_Up, Qt::Key_PageUp}},
        {Shortcut::LaterFrame, Context::Frames, {Qt::Key_Down, Qt::Key_PageDown}},
        {Shortcut::FirstFrame, Context::Frames, {Qt::Key_Home}},
        {Shortcut::LastFrame, Context::Frames, {Qt::Key_End}},
        {Shortcut::RemoveFrame, Context::Frames, {Qt::Key_Delete, Qt::Key_Backspace}},
        {Shortcut::ViewFrame, Context::Frames, {Qt::Key_Enter, Qt::Key_Space}},
        {Shortcut::PlayLeft, Context::Preview, {Qt::Key_Left}},
        {Shortcut::PlayRight, Context::Preview, {Qt::Key_Right}},
        {Shortcut::PlayTenLeft, Context::Preview, {shift(Qt::Key_Left)}},
        {Shortcut::PlayTenRight, Context::Preview, {shift(Qt::Key_Right)}},
        {Shortcut::Play, Context::Preview, {Qt::Key_Space}},
        {Shortcut::AddFrame, Context::Preview, {Qt::Key_Enter}},
        {Shortcut::ViewerLeft, Context::Viewer, {Qt::Key_Left}},
        {Shortcut::ViewerRight, Context::Viewer, {Qt::Key_Right}},
        {Shortcut::ViewerUp, Context::Viewer, {Qt::Key_Up}},
        {Shortcut::ViewerDown, Context::Viewer, {Qt::Key_Down}},
        {Shortcut::ViewerZoomIn, Context::Viewer, {Qt::Key_Plus, Qt::Key_Equal}},
        {Shortcut::ViewerZoomOut, Context::Viewer, {Qt::Key_Minus}},
        {Shortcut::ViewerFit, Context::Viewer, {Qt::Key_0}},
        {Shortcut::ViewerPixels, Context::Viewer, {Qt::Key_1}},
        {Shortcut::ToggleSide, Context::Window, {ctrl(Qt::Key_B), Qt::Key_F9}},
        {Shortcut::TogglePanel, Context::Window, {ctrlShift(Qt::Key_B)}},
        {Shortcut::OpenSettings, Context::Window, {ctrl(Qt::Key_Comma)}},
        {Shortcut::ListShortcuts, Context::Window, {ctrl(Qt::Key_Slash)}},
        {Shortcut::Quit, Context::Window, {ctrl(Qt::Key_Q)}},
    };
    return all;
}

Shortcuts::Row rowOf(Shortcut id, const QString& words, bool sendWithEnter)
{
    for (const Keys& each : allKeys()) {
        if (each.id == id)
            return {id, each.context, Shortcuts::keys(id, sendWithEnter), words};
    }
    return {id, Context::Window, {}, words};
}

} // namespace

QList<Shortcuts::Group> Shortcuts::table(bool sendWithEnter)
{
    const auto row = [&](Shortcut id, const QString& words) {
        return rowOf(id, words, sendWithEnter);
    };
    return {
        {tr("Chats"),
         {row(Shortcut::NewChat, tr("Start another chat")),
          row(Shortcut::NewFolder, tr("Make a folder")),
          row(Shortcut::SearchChats, tr("Search chats")),
          row(Shortcut::RenameChat, tr("Rename the chat")),
          row(Shortcut::DeleteChat, tr("Delete the chat")),
          row(Shortcut::UndoDelete, tr("Take back what was deleted last")),
          row(Shortcut::Quit, tr("Quit"))}},
        {tr("List of chats"),
         {row(Shortcut::OpenRow, tr("Open the chat, open or close the folder")),
          row(Shortcut::RenameRow, tr("Rename the chat or folder")),
          row(Shortcut::DeleteRow, tr("Delete the chat or folder"))}},
        {tr("Question"),
         {row(Shortcut::Send, tr("Send")), row(Shortcut::NewLine, tr("New line")),
          row(Shortcut::Attach, tr("Attach pictures or a film")),
          row(Shortcut::Paste, tr("Paste text, a picture or files")),
          row(Shortcut::EditLast, tr("Change the last question")),
          row(Shortcut::Regenerate, tr("Ask for the last answer again")),
          row(Shortcut::Stop, tr("Stop the answer, or the loading of a model"))}},
        {tr("Reading"),
         {row(Shortcut::Find, tr("Find in this chat")), row(Shortcut::FindNext, tr("Next place")),
          row(Shortcut::FindEarlier, tr("Earlier place")),
          row(Shortcut::FindClose, tr("End finding")),
          row(Shortcut::ZoomIn, tr("Larger text in the transcript")),
          row(Shortcut::ZoomOut, tr("Smaller text in the transcript")),
          row(Shortcut::ZoomReset, tr("Text of the transcript as it was"))}},
        {tr("Attached picture"),
         {row(Shortcut::ViewPicture, tr("See what the model sees")),
          row(Shortcut::PictureLeft, tr("Move it one place to the left")),
          row(Shortcut::PictureRight, tr("Move it one place to the right")),
          row(Shortcut::RemovePicture, tr("Remove it"))}},
        {tr("Frames of a film"),
         {row(Shortcut::FrameLeft, tr("Move the frame by one to the left")),
          row(Shortcut::FrameRight, tr("Move the frame by one to the right")),
          row(Shortcut::FrameTenLeft, tr("Move the frame by ten to the left")),
          row(Shortcut::FrameTenRight, tr("Move the frame by ten to the right")),
          row(Shortcut::EarlierFrame, tr("Go to the frame before")),
          row(Shortcut::LaterFrame, tr("Go to the next frame")),
          row(Shortcut::FirstFrame, tr("Go to the first frame")),
          row(Shortcut::LastFrame, tr("Go to the last frame")),
          row(Shortcut::RemoveFrame, tr("Remove the frame")),
          row(Shortcut::ViewFrame, tr("Show the frame in the film"))}},
        {tr("Preview of a film"),
         {row(Shortcut::PlayLeft, tr("One frame to the left")),
          row(Shortcut::PlayRight, tr("One frame to the right")),
          row(Shortcut::PlayTenLeft, tr("Ten frames to the left")),
          row(Shortcut::PlayTenRight, tr("Ten frames to the right")),
          row(Shortcut::Play, tr("Play or pause")),
          row(Shortcut::AddFrame, tr("Give the model the frame shown here"))}},
        {tr("Viewer of pictures"),
         {row(Shortcut::ViewerLeft, tr("Earlier picture")),
          row(Shortcut::ViewerRight, tr("Later picture")), row(Shortcut::ViewerUp, tr("Move up")),
          row(Shortcut::ViewerDown, tr("Move down")), row(Shortcut::ViewerZoomIn, tr("Enlarge")),
          row(Shortcut::ViewerZoomOut, tr("Reduce")),
          row(Shortcut::ViewerFit, tr("Fit the picture to the window")),
          row(Shortcut::ViewerPixels, tr("Show the picture's own pixels"))}},
        {tr("Window"),
         {row(Shortcut::ToggleSide, tr("Show or hide the list of chats")),
          row(Shortcut::TogglePanel, tr("Show or hide the Answer panel")),
          row(Shortcut::OpenSettings, tr("Settings")),
          row(Shortcut::ListShortcuts, tr("This list of keys"))}},
    };
}

QList<QKeySequence> Shortcuts::keys(Shortcut id, bool sendWithEnter)
{
    if (!sendWithEnter && id == Shortcut::Send)
        return {ctrl(Qt::Key_Enter)};
    if (!sendWithEnter && id == Shortcut::NewLine)
        return {Qt::Key_Enter, shift(Qt::Key_Enter)};
    for (const Keys& each : allKeys()) {
        if (each.id == id)
            return each.keys;
    }
    return {};
}

QString Shortcuts::text(Shortcut id, bool sendWithEnter)
{
    return keys(id, sendWithEnter).value(0).toString(QKeySequence::NativeText);
}

QString Shortcuts::allText(const Row& row)
{
    QStringList all;
    for (const QKeySequence& each : row.keys)
        all << each.toString(QKeySequence::NativeText);
    //: between two keys that do the same
    return all.join(tr(" or "));
}

QString Shortcuts::tip(const QString& words, Shortcut id)
{
    //: what a button does, and the key that does the same
    return tr("%1 (%2)").arg(words, text(id));
}

bool Shortcuts::matches(const QKeyEvent& event, Shortcut id, bool sendWithEnter)
{
    Qt::KeyboardModifiers modifiers =
        event.modifiers() & ~(Qt::KeypadModifier | Qt::GroupSwitchModifier);
    int key = event.key();
    if (key == Qt::Key_Return)
        key = Qt::Key_Enter;
    // Whether a sign or digit needs Shift is the keyboard's affair.
    if (key > Qt::Key_Space && key < Qt::Key_A)
        modifiers &= ~Qt::ShiftModifier;
    return keys(id, sendWithEnter).contains(QKeySequence(QKeyCombination(modifiers, Qt::Key(key))));
}

void Shortcuts::give(QAction& action, Shortcut id)
{
    action.setShortcuts(keys(id));
    action.setProperty(idProperty, int(id));
}

void Shortcuts::give(QShortcut& shortcut, Shortcut id)
{
    shortcut.setKeys(keys(id));
    shortcut.setProperty(idProperty, int(id));
}

bool Shortcuts::works(const QWidget& window, const Row& row)
{
    if (row.context != Context::Window)
        return true;
    const auto isIt = [&](const QObject* object) {
        return object->property(idProperty) == QVariant(int(row.id));
    };
    const auto actions = window.findChildren<QAction*>();
    const auto shortcuts = window.findChildren<QShortcut*>();
    return std::any_of(actions.begin(), actions.end(), isIt) ||
           std::any_of(shortcuts.begin(), shortcuts.end(), isIt);
}

} // namespace argali::gui
