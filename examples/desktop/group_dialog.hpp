// SPDX-License-Identifier: Apache-2.0
// A new group: its name, and which contacts are in it.
#pragma once

#include "session.hpp"

#include <QDialog>

class GroupDialog : public QDialog {
    Q_OBJECT
public:
    GroupDialog(Session& session, const std::vector<godwit::Contact>& contacts, QWidget* parent = nullptr);
};
