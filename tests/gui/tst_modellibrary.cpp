#include <QDir>
#include <QFile>
#include <QMenu>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

#include "engine/modellibrary.h"
#include "gui/models/modelchooser.h"
#include "gui/models/modellibrary.h"

using namespace argali::gui;

namespace {

void write(const QString& name, const QByteArray& bytes)
{
    QDir().mkpath(QFileInfo(name).absolutePath());
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

} // namespace

class TestModelLibrary final : public QObject {
    Q_OBJECT
    struct Bench {
        QTemporaryDir dir;
        Settings settings{dir.filePath(QStringLiteral("argali.ini"))};
        ModelLibrary models{settings};
        QString root = dir.filePath(QStringLiteral("models"));
        bool read()
        {
            QSignalSpy done(&models, &ModelLibrary::read);
            models.refresh();
            return done.wait(10'000);
        }
    };

private slots:
    void findsModels()
    {
        Bench bench;
        write(bench.root + QStringLiteral("/Beta/config.json"), R"({"model_type": "ovis2_5"})");
        write(bench.root + QStringLiteral("/Beta/model.safetensors"), QByteArray(5000, 'x'));
        write(bench.root + QStringLiteral("/maker/alpha/config.json"), "{");
        write(bench.root + QStringLiteral("/no model/readme.txt"), "nothing");
        write(bench.root + QStringLiteral("/a/b/c/config.json"), "{}");  // too deep
        QDir().mkpath(bench.root + QStringLiteral("/trap/config.json")); // a folder of that name
        bench.models.setFolder(bench.root);
        QVERIFY(bench.read());
        QCOMPARE(bench.models.state(), ModelLibrary::State::Read);
        QCOMPARE(bench.models.models().size(), 2);
        const FoundModel beta = bench.models.models().first();
        QCOMPARE(beta.name, QStringLiteral("Beta"));
        QCOMPARE(beta.folder, bench.root + QStringLiteral("/Beta"));
        QCOMPARE(beta.family, QStringLiteral("ovis2_5"));
        QCOMPARE(beta.bytes, qint64(5000 + 25));
        QCOMPARE(bench.models.models().last().name, QStringLiteral("alpha"));
        QCOMPARE(bench.models.models().last().family, QString());
    }

    void theFolderOfOneModel()
    {
        Bench bench;
        write(bench.root + QStringLiteral("/config.json"), R"({"model_type": "x"})");
        bench.models.setFolder(bench.root);
        QVERIFY(bench.read());
        QCOMPARE(bench.models.models().size(), 1);
        QCOMPARE(bench.models.models().first().folder, bench.root);
    }

    void hostileConfigs()
    {
        Bench bench;
        const QByteArray deep = QByteArray(200'000, '[');
        write(bench.root + QStringLiteral("/1/config.json"), deep);
        write(bench.root + QStringLiteral("/2/config.json"), R"({"model_type": 7})");
        write(bench.root + QStringLiteral("/3/config.json"), QByteArray(3 << 20, ' ') + "{}");
        write(bench.root + QStringLiteral("/4/config.json"),
              "{\"model_type\": \"" + QByteArray(5000, 'a') + "\"}");
        write(bench.root + QStringLiteral("/5/config.json"), "{\"model_type\": \"a\\nb\"}");
        QVERIFY(QFile::link(bench.root, bench.root + QStringLiteral("/loop")));
        QDir().mkpath(bench.root + QStringLiteral("/6"));
        const QByteArray pipe = QFile::encodeName(bench.root + QStringLiteral("/6/config.json"));
        QCOMPARE(::mkfifo(pipe.constData(), 0600), 0); // nobody would ever write to it
        bench.models.setFolder(bench.root);
        QVERIFY(bench.read());
        QStringList families;
        for (const FoundModel& model : bench.models.models()) {
            if (!model.folder.contains(QStringLiteral("loop")))
                families.append(model.family);
        }
        QCOMPARE(families, QStringList({QString(), QString(), QString(),
                                        QString(40, QLatin1Char('a')), QStringLiteral("a b")}));
    }

    void notMoreThanCanBeShown()
    {
        Bench bench;
        for (int i = 0; i < ModelLibrary::most + 20; ++i)
            write(bench.root + QStringLiteral("/%1/config.json").arg(i), "{}");
        bench.models.setFolder(bench.root);
        QVERIFY(bench.read());
        QCOMPARE(bench.models.models().size(), qsizetype(ModelLibrary::most));
    }

    void goneAndUnreadable()
    {
        Bench bench;
        QDir().mkpath(bench.root);
        bench.models.setFolder(bench.root);
        QVERIFY(bench.read());
        QCOMPARE(bench.models.state(), ModelLibrary::State::Read);
        QDir(bench.root).removeRecursively();
        QVERIFY(bench.read());
        QCOMPARE(bench.models.state(), ModelLibrary::State::Missing);
        QDir().mkpath(bench.root);
        if (::geteuid() != 0) { // who may do everything reads everything
            QFile::setPermissions(bench.root, {});
            QVERIFY(bench.read());
            QCOMPARE(bench.models.state(), ModelLibrary::State::Unreadable);
            QFile::setPermissions(bench.root,
                                  QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        }
        QVERIFY(bench.read());
        QCOMPARE(bench.models.state(), ModelLibrary::State::Read);
    }

    void theUsualFolder()
    {
        Bench bench;
        QCOMPARE(bench.models.folder(), ModelLibrary::defaultFolder());
        QVERIFY(ModelLibrary::defaultFolder().endsWith(QStringLiteral("/argali/models")));
        const auto ofEngine = [] {
            return QString::fromStdString(argali::modelLibraryFolder().string());
        };
        QCOMPARE(ofEngine(), ModelLibrary::defaultFolder());
        bench.models.setFolder(bench.root);
        QCOMPARE(bench.models.folder(), bench.root);
        QCOMPARE(ofEngine(), bench.root);
        bench.models.setFolder(ModelLibrary::defaultFolder());
        QCOMPARE(bench.settings.value(settings::library), QString()); // follows the environment
        QCOMPARE(ofEngine(), ModelLibrary::defaultFolder());
    }

    void theMenuListsThem()
    {
        Bench bench;
        write(bench.root + QStringLiteral("/Gamma & Co/config.json"), "{}");
        write(bench.root + QStringLiteral("/Known/config.json"), "{}");
        bench.settings.set(settings::recentModels, {bench.root + QStringLiteral("/Known")});
        bench.models.setFolder(bench.root);
        ModelChooser chooser(bench.settings);
        chooser.setLibrary(&bench.models);
        chooser.show();
        chooser.showMenu(); // reads the folder, and comes to show what is there
        const auto entries = [&](const QString& text) {
            QList<QAction*> found;
            for (QAction* action : chooser.menu()->actions()) {
                if (action->text() == text)
                    found.append(action);
            }
            return found;
        };
        QTRY_COMPARE(entries(QStringLiteral("Gamma && Co")).size(), 1);
        QCOMPARE(entries(QStringLiteral("Known")).size(), 1); // once, though it is in both
        QSignalSpy chosen(&chooser, &ModelChooser::folderChosen);
        entries(QStringLiteral("Gamma && Co")).first()->trigger();
        QCOMPARE(chosen.first().first().toString(), bench.root + QStringLiteral("/Gamma & Co"));
        chooser.menu()->hide();
    }
};

QTEST_MAIN(TestModelLibrary)
#include "tst_modellibrary.moc"
