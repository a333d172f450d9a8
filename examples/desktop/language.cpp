// SPDX-License-Identifier: Apache-2.0
#include "language.hpp"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

namespace {

struct State {
    QTranslator own, of_qt;
    QString name;
};
State& state()
{
    static auto* const the = new State; // outlives the application object, whatever the order
    return *the;
}

} // namespace

void language::choose(const QString& wanted)
{
    auto& now = state();
    const bool named = wanted == QLatin1String("en") || wanted == QLatin1String("zh_CN");
    const QLocale locale = named ? QLocale(wanted) : QLocale::system();
    const auto name = locale.language() == QLocale::Chinese ? QStringLiteral("zh_CN") : QStringLiteral("en");
    now.name = name;
    QLocale::setDefault(named ? QLocale(name) : locale);
    QCoreApplication::removeTranslator(&now.own);
    QCoreApplication::removeTranslator(&now.of_qt);
    // English has a file too, for its plurals only.
    if (now.own.load(QStringLiteral(":/translations/godwit_desktop_%1.qm").arg(name)))
        QCoreApplication::installTranslator(&now.own);
    if (now.of_qt.load(QStringLiteral("qtbase_") + name, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&now.of_qt);
}

QString language::chosen()
{
    return state().name;
}
