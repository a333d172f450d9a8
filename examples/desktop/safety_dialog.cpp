// SPDX-License-Identifier: Apache-2.0
#include "safety_dialog.hpp"

#include "words.hpp"

#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

SafetyDialog::SafetyDialog(Session& session, const QString& user, QWidget* parent)
    : QDialog(parent), session_(session), user_(user.toStdString())
{
    setObjectName(QStringLiteral("safety_dialog"));
    setWindowTitle(tr("Safety number with %1").arg(user));
    auto* about = new QLabel(
        tr("Read this number to each other, in person or over the telephone. When both see the same one, nobody "
           "stands between you."));
    about->setWordWrap(true);
    number_ = new QLabel;
    number_->setObjectName(QStringLiteral("number"));
    auto fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setPointSizeF(fixed.pointSizeF() * 1.5);
    number_->setFont(fixed);
    number_->setAlignment(Qt::AlignCenter);
    number_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    state_ = new QLabel;
    state_->setObjectName(QStringLiteral("verified"));
    trouble_ = new QLabel;
    for (auto* label : {about, number_, state_, trouble_})
        label->setTextFormat(Qt::PlainText);
    own_code_ = new QLineEdit;
    own_code_->setReadOnly(true);
    own_code_->setObjectName(QStringLiteral("own_code"));
    their_code_ = new QLineEdit;
    their_code_->setObjectName(QStringLiteral("their_code"));
    right_ = new QPushButton;
    right_->setObjectName(QStringLiteral("right"));
    wrong_ = new QPushButton(tr("Not verified any more"));
    wrong_->setObjectName(QStringLiteral("wrong"));
    auto* codes = new QFormLayout;
    codes->addRow(tr("Our code"), own_code_);
    codes->addRow(tr("Their code"), their_code_);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(state_, 1);
    buttons->addWidget(wrong_);
    buttons->addWidget(right_);
    auto* all = new QVBoxLayout(this);
    all->addWidget(about);
    all->addWidget(number_);
    all->addLayout(codes);
    all->addWidget(trouble_);
    all->addLayout(buttons);
    const auto name_right = [this] {
        right_->setText(their_code_->text().trimmed().isEmpty() ? tr("The numbers are the same")
                                                                : tr("Compare the codes"));
    };
    name_right();
    connect(their_code_, &QLineEdit::textChanged, this, name_right);
    connect(right_, &QPushButton::clicked, this, [this] { verify(true); });
    connect(wrong_, &QPushButton::clicked, this, [this] { verify(false); });
    load();
}

void SafetyDialog::load()
{
    session_.ask(godwit::request::SafetyNumber{user_}, this, [this](const godwit::event::Reply& reply) {
        const auto* safety = std::get_if<godwit::SafetyNumber>(&reply.value);
        right_->setEnabled(safety != nullptr);
        if (safety == nullptr) return trouble_->setText(Words::error(reply.error));
        // Twelve groups, four a line.
        const auto groups = Words::of(safety->number).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        QString text;
        for (qsizetype i = 0; i < groups.size(); ++i)
            text += (i == 0 ? QString() : QString(QLatin1Char(i % 4 == 0 ? '\n' : ' '))) + groups[i];
        number_->setText(text);
        own_code_->setText(Words::of(safety->code));
        state_->setText(safety->verified ? tr("verified ✓") : tr("not verified"));
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
