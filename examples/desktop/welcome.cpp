// SPDX-License-Identifier: Apache-2.0
#include "welcome.hpp"

#include "words.hpp"

#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSysInfo>
#include <QVBoxLayout>

Welcome::Welcome(Session& session, QWidget* parent) : QWidget(parent), session_(session)
{
    const auto label = [] {
        auto* out = new QLabel;
        out->setTextFormat(Qt::PlainText);
        out->setWordWrap(true);
        return out;
    };
    heading_ = label();
    auto large = heading_->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    heading_->setFont(large);
    about_ = label();
    relay_label_ = label();
    user_label_ = label();
    password_label_ = label();
    trouble_ = label();
    trouble_->setObjectName(QStringLiteral("trouble"));
    relay_ = new QLineEdit;
    relay_->setObjectName(QStringLiteral("relay"));
    relay_->setPlaceholderText(QStringLiteral("godwit://host:port#key"));
    user_ = new QLineEdit;
    user_->setObjectName(QStringLiteral("user"));
    user_->setMaxLength(static_cast<int>(godwit::user_name_length_max));
    password_ = new QLineEdit;
    password_->setObjectName(QStringLiteral("password"));
    password_->setEchoMode(QLineEdit::Password);
    make_ = new QPushButton;
    make_->setObjectName(QStringLiteral("make"));
    login_ = new QPushButton;
    login_->setObjectName(QStringLiteral("login"));

    auto* form = new QFormLayout;
    form->addRow(relay_label_, relay_);
    form->addRow(user_label_, user_);
    form->addRow(password_label_, password_);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(login_);
    buttons->addWidget(make_);
    auto* inner = new QWidget;
    inner->setFixedWidth(520);
    auto* column = new QVBoxLayout(inner);
    column->addWidget(heading_);
    column->addWidget(about_);
    column->addSpacing(12);
    column->addLayout(form);
    column->addLayout(buttons);
    column->addWidget(trouble_);
    // Between stretches and not aligned: what is aligned gets its size hint, which does not know of wrapped lines.
    auto* row = new QHBoxLayout;
    row->addStretch(1);
    row->addWidget(inner);
    row->addStretch(1);
    auto* all = new QVBoxLayout(this);
    all->addStretch(1);
    all->addLayout(row);
    all->addStretch(2);
    connect(make_, &QPushButton::clicked, this, [this] { enter(true); });
    connect(login_, &QPushButton::clicked, this, [this] { enter(false); });
    connect(password_, &QLineEdit::returnPressed, this, [this] { enter(false); });
    retranslate();
}

void Welcome::enter(bool make)
{
    const auto relay = relay_->text().trimmed().toStdString(), user = user_->text().trimmed().toStdString();
    const auto password = password_->text().toStdString(), device = QSysInfo::machineHostName().toStdString();
    setEnabled(false);
    trouble_->setText(tr("Asking the relay …"));
    const auto answer = [this](const godwit::event::Reply& reply) {
        setEnabled(true);
        if (reply.error.code != godwit::ErrorCode::ok) return trouble_->setText(Words::error(reply.error));
        trouble_->clear();
        password_->clear();
        emit entered();
    };
    if (make)
        session_.ask(godwit::request::RegisterAccount{relay, user, password, device}, this, answer);
    else
        session_.ask(godwit::request::Login{relay, user, password, device}, this, answer);
}

void Welcome::retranslate()
{
    heading_->setText(tr("Welcome"));
    about_->setText(tr("An account lives at a relay, which whoever runs it names to you. Messages go from device to "
                       "device, sealed; the "
                       "relay cannot read them. The password never leaves this device."));
    relay_label_->setText(tr("Relay"));
    user_label_->setText(tr("User name"));
    password_label_->setText(tr("Password"));
    make_->setText(tr("New account"));
    login_->setText(tr("Log in"));
}

void Welcome::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) retranslate();
    QWidget::changeEvent(event);
}
