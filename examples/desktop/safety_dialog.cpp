// SPDX-License-Identifier: Apache-2.0
#include "safety_dialog.hpp"

#include "words.hpp"

#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace {
constexpr int groups_a_line = 4, number_lines = 3; // twelve groups
}

SafetyDialog::SafetyDialog(Session& session, const QString& user, QWidget* parent)
    : QDialog(parent), session_(session), user_(user.toStdString())
{
    setObjectName(QStringLiteral("safety_dialog"));
    about_ = new QLabel;
    about_->setWordWrap(true);
    number_ = new QLabel;
    number_->setObjectName(QStringLiteral("number"));
    auto fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setPointSizeF(fixed.pointSizeF() * 1.5);
    number_->setFont(fixed);
    number_->setAlignment(Qt::AlignCenter);
    // Room for it before it has come: a dialog that is shown does not grow by itself.
    number_->setMinimumHeight(QFontMetrics(fixed).lineSpacing() * number_lines + 12);
    number_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    state_ = new QLabel;
    state_->setObjectName(QStringLiteral("verified"));
    trouble_ = new QLabel;
    own_label_ = new QLabel;
    their_label_ = new QLabel;
    for (auto* label : {about_, number_, state_, trouble_, own_label_, their_label_})
        label->setTextFormat(Qt::PlainText);
    own_code_ = new QLineEdit;
    own_code_->setReadOnly(true);
    own_code_->setObjectName(QStringLiteral("own_code"));
    their_code_ = new QLineEdit;
    their_code_->setObjectName(QStringLiteral("their_code"));
    right_ = new QPushButton;
    right_->setObjectName(QStringLiteral("right"));
    wrong_ = new QPushButton;
    wrong_->setObjectName(QStringLiteral("wrong"));
    auto* codes = new QFormLayout;
    codes->addRow(own_label_, own_code_);
    codes->addRow(their_label_, their_code_);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(state_, 1);
    buttons->addWidget(wrong_);
    buttons->addWidget(right_);
    auto* all = new QVBoxLayout(this);
    all->addWidget(about_);
    all->addWidget(number_);
    all->addLayout(codes);
    all->addWidget(trouble_);
    all->addLayout(buttons);
    connect(their_code_, &QLineEdit::textChanged, this, [this] { retranslate(); });
    connect(right_, &QPushButton::clicked, this, [this] { verify(true); });
    connect(wrong_, &QPushButton::clicked, this, [this] { verify(false); });
    retranslate();
    load();
}

void SafetyDialog::retranslate()
{
    setWindowTitle(tr("Safety number with %1").arg(Words::of(user_)));
    about_->setText(
        tr("Read this number to each other, in person or over the telephone. When both see the same one, nobody "
           "stands between you."));
    own_label_->setText(tr("Our code"));
    their_label_->setText(tr("Their code"));
    wrong_->setText(tr("Not verified any more"));
    right_->setText(their_code_->text().trimmed().isEmpty() ? tr("The numbers are the same") : tr("Compare the codes"));
    if (verified_) state_->setText(*verified_ ? tr("verified ✓") : tr("not verified"));
}

void SafetyDialog::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) retranslate();
    QDialog::changeEvent(event);
}

void SafetyDialog::load()
{
    session_.ask(godwit::request::SafetyNumber{user_}, this, [this](const godwit::event::Reply& reply) {
        const auto* safety = std::get_if<godwit::SafetyNumber>(&reply.value);
        right_->setEnabled(safety != nullptr);
        if (safety == nullptr) return trouble_->setText(Words::error(reply.error));
        const auto groups = Words::of(safety->number).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        QString text;
        for (qsizetype i = 0; i < groups.size(); ++i)
            text += (i == 0 ? QString() : QString(QLatin1Char(i % groups_a_line == 0 ? '\n' : ' '))) + groups[i];
        number_->setText(text);
        own_code_->setText(Words::of(safety->code));
        own_code_->setCursorPosition(0);
        verified_ = safety->verified;
        retranslate();
        wrong_->setVisible(safety->verified);
        right_->setVisible(!safety->verified);
    });
}

void SafetyDialog::verify(bool verified)
{
    // The number itself is what was compared, when no code was given: godwit looks whether it is still the one.
    const auto their_code = their_code_->text().trimmed();
    const auto code =
        !verified ? std::string() : (their_code.isEmpty() ? number_->text().simplified() : their_code).toStdString();
    session_.ask(godwit::request::Verify{user_, verified, code}, this, [this](const godwit::event::Reply& reply) {
        if (reply.error.code == godwit::ErrorCode::authentication_failed)
            return trouble_->setText(
                tr("This is not their code. Somebody may stand between you: do not go on before you know why."));
        if (reply.error.code != godwit::ErrorCode::ok) return trouble_->setText(Words::error(reply.error));
        trouble_->clear();
        emit changed();
        load();
    });
}
