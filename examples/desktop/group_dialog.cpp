// SPDX-License-Identifier: Apache-2.0
#include "group_dialog.hpp"

#include "words.hpp"

#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

GroupDialog::GroupDialog(Session& session, const std::vector<godwit::Contact>& contacts, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(tr("New group"));
    auto* name = new QLineEdit;
    name->setObjectName(QStringLiteral("group_name"));
    name->setPlaceholderText(tr("Name of the group"));
    auto* people = new QListWidget;
    people->setObjectName(QStringLiteral("group_members"));
    for (const auto& one : contacts) {
        if (one.state != godwit::ContactState::accepted) continue;
        auto* item = new QListWidgetItem(Words::of(one.user), people);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
        item->setCheckState(Qt::Unchecked);
    }
    auto* trouble = new QLabel;
    trouble->setTextFormat(Qt::PlainText);
    trouble->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    auto* all = new QVBoxLayout(this);
    all->addWidget(name);
    all->addWidget(people, 1);
    all->addWidget(trouble);
    all->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this, &session, name, people, trouble, buttons] {
        godwit::request::GroupCreate make;
        make.name = name->text().trimmed().toStdString();
        for (int row = 0; row < people->count(); ++row)
            if (people->item(row)->checkState() == Qt::Checked)
                make.members.push_back(people->item(row)->text().toStdString());
        buttons->setEnabled(false);
        session.ask(std::move(make), this, [this, trouble, buttons](const godwit::event::Reply& reply) {
            buttons->setEnabled(true);
            if (reply.error.code != godwit::ErrorCode::ok) return trouble->setText(Words::error(reply.error));
            accept();
        });
    });
}
