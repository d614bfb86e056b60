#pragma once

#include <QObject>

#include "gui/chat/engineworker.h"
#include "gui/models/adapterstore.h"

namespace argali::gui {

class LocalReplySource;

/// The adapters of the model that is open on this computer: those that the settings remember for
/// its folder, what became of each, and the one that is being read. Outlives windows.
/// Thread: GUI; the engine's thread reads.
class ModelAdapters final : public QObject {
    Q_OBJECT
public:
    ModelAdapters(Settings& settings, LocalReplySource& source, QObject* parent = nullptr);

    /// To be loaded with a model of this folder, with the one that is being read for it.
    QList<KnownAdapter> known(const QString& folder) const;
    /// The model that has been opened, with what became of them.
    void setModel(const LoadedModel& model);

    const QList<LoadedAdapter>& list() const { return m_list; }
    const LoadedAdapter* find(const QString& name) const; ///< Null when there is none.
    /// The one that is being read; none: nothing is.
    const std::optional<KnownAdapter>& reading() const { return m_reading; }
    bool isOnCard() const { return m_isOnCard; }

    /// Reads one; added() or refused() follows. What is there already is added() at once, and one
    /// that could not be loaded is tried again. Without an effect while another one is read.
    /// chat: that is to have it, for added().
    void add(const QString& path, quint64 chat, std::optional<double> textAlpha = {},
             std::optional<double> visionAlpha = {});
    /// From the list, from memory and from the settings; its files stay.
    void remove(const QString& name);

signals:
    void changed(); ///< list() or reading()
    void added(const QString& name, quint64 chat);
    void refused(const QString& name, const argali::gui::Failure& failure);
    void lost(const QList<argali::gui::LoadedAdapter>& adapters); ///< not loaded with the model
    void removed(const QString& name);

private:
    QString freeName(const QString& path) const;
    void take(const KnownAdapter& adapter);
    void refuse(const KnownAdapter& adapter, const Failure& failure);
    void store();

    AdapterStore m_store;
    LocalReplySource& m_source;
    QString m_folder;
    bool m_isOnCard = false;
    QList<LoadedAdapter> m_list;
    std::optional<KnownAdapter> m_reading;
    quint64 m_chat = 0; ///< that it is being read for
};

} // namespace argali::gui
