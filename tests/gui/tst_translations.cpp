#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QTranslator>
#include <QXmlStreamReader>

namespace {

struct Entry {
    QString context;
    QString source;
    QStringList translations;
    QString type;
    bool plural = false;
};

QList<Entry> read(const QString& name)
{
    QFile file(name);
    QList<Entry> entries;
    if (!file.open(QIODevice::ReadOnly))
        return entries;
    QXmlStreamReader xml(&file);
    QString context;
    Entry entry;
    while (!xml.atEnd()) {
        const auto token = xml.readNext();
        if (token == QXmlStreamReader::EndElement && xml.name() == QLatin1String("message"))
            entries.append(entry);
        if (token != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == QLatin1String("name")) {
            context = xml.readElementText();
        } else if (xml.name() == QLatin1String("message")) {
            entry = Entry();
            entry.context = context;
            entry.plural = xml.attributes().value(QLatin1String("numerus")) == QLatin1String("yes");
        } else if (xml.name() == QLatin1String("source")) {
            entry.source = xml.readElementText();
        } else if (xml.name() == QLatin1String("translation")) {
            entry.type = xml.attributes().value(QLatin1String("type")).toString();
            if (!entry.plural)
                entry.translations.append(xml.readElementText());
        } else if (xml.name() == QLatin1String("numerusform")) {
            entry.translations.append(xml.readElementText());
        }
    }
    return entries;
}

QStringList places(const QString& text) // %1, %2, %n
{
    static const QRegularExpression place(QStringLiteral("%L?(\\d|n)"));
    QStringList found;
    for (const auto& match : place.globalMatch(text))
        found.append(match.captured());
    found.sort();
    found.removeDuplicates();
    return found;
}

const QString folder = QStringLiteral(ARGALI_TRANSLATIONS);

} // namespace

class TestTranslations final : public QObject {
    Q_OBJECT
private slots:
    void complete_data()
    {
        QTest::addColumn<QString>("name");
        QTest::newRow("Chinese") << QStringLiteral("argali_zh_CN.ts");
        QTest::newRow("English plurals") << QStringLiteral("argali_en.ts");
    }
    void complete()
    {
        QFETCH(QString, name);
        const QList<Entry> entries = read(QDir(folder).filePath(name));
        QVERIFY(!entries.isEmpty());
        for (const Entry& entry : entries) {
            QVERIFY2(entry.type.isEmpty(),
                     qPrintable(entry.type + QStringLiteral(": ") + entry.source));
            QVERIFY2(!entry.translations.isEmpty(), qPrintable(entry.source));
            for (const QString& translation : entry.translations) {
                QVERIFY2(!translation.isEmpty(), qPrintable(entry.source));
                QVERIFY2(!translation.contains(QStringLiteral("(s)")), qPrintable(translation));
                QStringList wanted = places(entry.source);
                QStringList found = places(translation);
                if (name.contains(QStringLiteral("_en")))
                    wanted.removeAll(QStringLiteral("%Ln")),
                        found.removeAll(QStringLiteral("%Ln")); // "one" may do without
                QVERIFY2(found == wanted,
                         qPrintable(entry.source + QStringLiteral(" | ") + translation));
            }
        }
    }

    /// Reading the sources again finds nothing that is not translated.
    void upToDate_data() { complete_data(); }
    void upToDate()
    {
        QFETCH(QString, name);
        QTemporaryDir dir;
        const QString copy = dir.filePath(name);
        QVERIFY(QFile::copy(QDir(folder).filePath(name), copy));
        QFile(copy).setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        QStringList arguments{QStringLiteral("-silent"), QStringLiteral("-locations"),
                              QStringLiteral("none"), QStringLiteral("-source-language"),
                              QStringLiteral("en")};
        if (name.contains(QStringLiteral("_en")))
            arguments << QStringLiteral("-pluralonly");
        arguments << QStringLiteral("-I") << QStringLiteral(ARGALI_GUI_SOURCES "/..")
                  << QStringLiteral("-recursive") << QStringLiteral(ARGALI_GUI_SOURCES)
                  << QStringLiteral("-ts") << copy;
        QProcess lupdate;
        lupdate.start(QStringLiteral(ARGALI_LUPDATE), arguments);
        QVERIFY(lupdate.waitForFinished(120'000));
        QCOMPARE(lupdate.exitCode(), 0);
        for (const Entry& entry : read(copy)) {
            QVERIFY2(entry.type.isEmpty(),
                     qPrintable(QStringLiteral("%1 (%2): run the target update_translations")
                                    .arg(entry.source, entry.type)));
        }
    }

    void isInTheProgram()
    {
        QTranslator chinese;
        QVERIFY(chinese.load(QStringLiteral(":/translations/argali_zh_CN.qm")));
        QCOMPARE(chinese.translate("argali::gui::ComposerTools", "Film"), QStringLiteral("视频"));
        QTranslator english;
        QVERIFY(english.load(QStringLiteral(":/translations/argali_en.qm")));
        QCOMPARE(english.translate("argali::gui::Answer", "%Ln token(s)", nullptr, 1),
                 QStringLiteral("%Ln token"));
        QCOMPARE(english.translate("argali::gui::Answer", "%Ln token(s)", nullptr, 2),
                 QStringLiteral("%Ln tokens"));
    }
};

QTEST_GUILESS_MAIN(TestTranslations)
#include "tst_translations.moc"
