<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
    <context>
        <name>CallPanel</name>
        <message>
            <source>%1: %2</source>
            <translation>%1：%2</translation>
        </message>
        <message>
            <source>Answer</source>
            <translation>接听</translation>
        </message>
        <message>
            <source>they are muted</source>
            <translation>对方已静音</translation>
        </message>
        <message>
            <source>%1, %2 ms, %3 % lost, quality %4 of 4.5</source>
            <translation>%1，%2 毫秒，丢包 %3 %，质量 %4（满分 4.5）</translation>
        </message>
        <message>
            <source>this build has no sound card</source>
            <translation>此版本没有声卡支持</translation>
        </message>
        <message>
            <source>Speak</source>
            <translation>取消静音</translation>
        </message>
        <message>
            <source>Mute</source>
            <translation>静音</translation>
        </message>
        <message>
            <source>Decline</source>
            <translation>拒绝</translation>
        </message>
        <message>
            <source>Hang up</source>
            <translation>挂断</translation>
        </message>
        <message numerus="yes">
            <source>%n other(s)</source>
            <translation>
                <numerusform>另有 %n 台设备</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>ChatView</name>
        <message>
            <source>Save file</source>
            <translation>保存文件</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>复制</translation>
        </message>
        <message>
            <source>Answer</source>
            <translation>回复</translation>
        </message>
        <message>
            <source>Write anew</source>
            <translation>编辑</translation>
        </message>
        <message>
            <source>Take back</source>
            <translation>撤回</translation>
        </message>
        <message>
            <source>Remove from my devices</source>
            <translation>从我的设备中移除</translation>
        </message>
        <message>
            <source>Pause the file</source>
            <translation>暂停传输</translation>
        </message>
        <message>
            <source>Which way it went …</source>
            <translation>传送路径…</translation>
        </message>
        <message>
            <source>%1: %2, %3</source>
            <translation>%1：%2，%3</translation>
        </message>
        <message>
            <source>the relay</source>
            <translation>中继</translation>
        </message>
        <message>
            <source>Which way it went</source>
            <translation>传送路径</translation>
        </message>
        <message>
            <source>online</source>
            <translation>在线</translation>
        </message>
        <message>
            <source>offline</source>
            <translation>离线</translation>
        </message>
        <message>
            <source>messages wait at the relay</source>
            <translation>消息将在中继等候</translation>
        </message>
        <message>
            <source>KEY CHANGED</source>
            <translation>密钥已变更</translation>
        </message>
        <message>
            <source>verified ✓</source>
            <translation>已核验 ✓</translation>
        </message>
        <message>
            <source>not verified</source>
            <translation>未核验</translation>
        </message>
        <message numerus="yes">
            <source>%n member(s)</source>
            <translation>
                <numerusform>%n 位成员</numerusform>
            </translation>
        </message>
        <message>
            <source>Safety number</source>
            <translation>安全码</translation>
        </message>
        <message>
            <source>Call</source>
            <translation>呼叫</translation>
        </message>
        <message>
            <source>Video call</source>
            <translation>视频通话</translation>
        </message>
        <message>
            <source>File …</source>
            <translation>文件…</translation>
        </message>
        <message>
            <source>Send</source>
            <translation>发送</translation>
        </message>
        <message>
            <source>Write a message. Enter sends it, Shift+Enter begins a new line.</source>
            <translation>输入消息。回车发送，Shift+回车换行。</translation>
        </message>
        <message>
            <source>writing anew: %1</source>
            <translation>正在编辑：%1</translation>
        </message>
        <message>
            <source>answering %1: %2</source>
            <translation>回复 %1：%2</translation>
        </message>
        <message>
            <source>%1 is writing …</source>
            <translation>%1 正在输入…</translation>
        </message>
    </context>
    <context>
        <name>GroupDialog</name>
        <message>
            <source>New group</source>
            <translation>新建群组</translation>
        </message>
        <message>
            <source>Name of the group</source>
            <translation>群组名称</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>&amp;Account</source>
            <translation>账号(&amp;A)</translation>
        </message>
        <message>
            <source>State …</source>
            <translation>状态…</translation>
        </message>
        <message>
            <source>New group …</source>
            <translation>新建群组…</translation>
        </message>
        <message>
            <source>Log out …</source>
            <translation>退出登录…</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>退出</translation>
        </message>
        <message>
            <source>&amp;Paths</source>
            <translation>路径(&amp;P)</translation>
        </message>
        <message>
            <source>&amp;Language</source>
            <translation>语言(&amp;L)</translation>
        </message>
        <message>
            <source>As the system</source>
            <translation>跟随系统</translation>
        </message>
        <message>
            <source>Understood</source>
            <translation>知道了</translation>
        </message>
        <message>
            <source>%1 – godwit</source>
            <translation>%1 – godwit</translation>
        </message>
        <message>
            <source>● connected to the relay over %1</source>
            <translation>● 已通过 %1 连接中继</translation>
        </message>
        <message>
            <source>○ connecting …</source>
            <translation>○ 正在连接…</translation>
        </message>
        <message>
            <source>○ not connected: %1</source>
            <translation>○ 未连接：%1</translation>
        </message>
        <message>
            <source>Again in %1 s.</source>
            <translation>%1 秒后重试。</translation>
        </message>
        <message>
            <source>The relay wants version %1.</source>
            <translation>中继要求版本 %1。</translation>
        </message>
        <message>
            <source>Version %1 is there.</source>
            <translation>有新版本 %1。</translation>
        </message>
        <message>
            <source>The operator of the relay says, and not end-to-end encrypted: %1</source>
            <translation>中继管理员公告（非端到端加密）：%1</translation>
        </message>
        <message numerus="yes">
            <source>Account: %1
Relay: %2
Waiting to go out: %n message(s)
Sent since the start: direct %3, through TURN %4, by the mailbox %5
godwit %6</source>
            <translation>
                <numerusform>账号：%1
中继：%2
待发送：%n 条消息
启动以来已发送：直连 %3，经 TURN %4，经中继信箱 %5
godwit %6</numerusform>
            </translation>
        </message>
        <message>
            <source>State</source>
            <translation>状态</translation>
        </message>
        <message>
            <source>Log out</source>
            <translation>退出登录</translation>
        </message>
        <message>
            <source>This device leaves the account; its history stays here. Messages that still wait are not sent.</source>
            <translation>此设备将退出账号，历史记录保留在本机。尚未送出的消息不会再发送。</translation>
        </message>
    </context>
    <context>
        <name>MessageDelegate</name>
        <message>
            <source>click to fetch</source>
            <translation>点击下载</translation>
        </message>
        <message>
            <source>click to save</source>
            <translation>点击保存</translation>
        </message>
        <message>
            <source>paused at %1 %, click to go on</source>
            <translation>已暂停在 %1 %，点击继续</translation>
        </message>
        <message>
            <source>%1 %, waiting for somebody who has it</source>
            <translation>%1 %，等待持有该文件的设备</translation>
        </message>
        <message>
            <source>%1 %, %2</source>
            <translation>%1 %，%2</translation>
        </message>
        <message>
            <source>edited</source>
            <translation>已编辑</translation>
        </message>
        <message>
            <source>goes at %1</source>
            <translation>%1 自动删除</translation>
        </message>
        <message>
            <source>read</source>
            <translation>已读</translation>
        </message>
        <message>
            <source>A message before this one has not arrived.</source>
            <translation>此前有一条消息尚未到达。</translation>
        </message>
        <message>
            <source>forwarded</source>
            <translation>转发</translation>
        </message>
    </context>
    <context>
        <name>SafetyDialog</name>
        <message>
            <source>Safety number with %1</source>
            <translation>与 %1 的安全码</translation>
        </message>
        <message>
            <source>Read this number to each other, in person or over the telephone. When both see the same one, nobody stands between you.</source>
            <translation>请当面或通过电话互相念出这串数字。两边一致，就说明中间没有他人。</translation>
        </message>
        <message>
            <source>Not verified any more</source>
            <translation>取消核验</translation>
        </message>
        <message>
            <source>Our code</source>
            <translation>我的验证码</translation>
        </message>
        <message>
            <source>Their code</source>
            <translation>对方的验证码</translation>
        </message>
        <message>
            <source>The numbers are the same</source>
            <translation>数字一致</translation>
        </message>
        <message>
            <source>Compare the codes</source>
            <translation>比对验证码</translation>
        </message>
        <message>
            <source>verified ✓</source>
            <translation>已核验 ✓</translation>
        </message>
        <message>
            <source>not verified</source>
            <translation>未核验</translation>
        </message>
        <message>
            <source>This is not their code. Somebody may stand between you: do not go on before you know why.</source>
            <translation>这不是对方的验证码。可能有人在你们中间：查明原因之前请不要继续。</translation>
        </message>
    </context>
    <context>
        <name>SidePanel</name>
        <message>
            <source>draft: %1</source>
            <translation>草稿：%1</translation>
        </message>
        <message>
            <source>%1 (%2)</source>
            <translation>%1（%2）</translation>
        </message>
        <message>
            <source>asked, no answer yet</source>
            <translation>已发出请求，尚未答复</translation>
        </message>
        <message>
            <source>asks to be your contact</source>
            <translation>请求添加你为联系人</translation>
        </message>
        <message>
            <source>blocked</source>
            <translation>已屏蔽</translation>
        </message>
        <message>
            <source>offline</source>
            <translation>离线</translation>
        </message>
        <message>
            <source>KEY CHANGED</source>
            <translation>密钥已变更</translation>
        </message>
        <message>
            <source>%1 asks to be your contact</source>
            <translation>%1 请求添加你为联系人</translation>
        </message>
        <message>
            <source>%1, %2: %3</source>
            <translation>%1，%2：%3</translation>
        </message>
        <message>
            <source>nothing found</source>
            <translation>没有找到</translation>
        </message>
        <message>
            <source>Accept</source>
            <translation>接受</translation>
        </message>
        <message>
            <source>Unblock</source>
            <translation>解除屏蔽</translation>
        </message>
        <message>
            <source>Block</source>
            <translation>屏蔽</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>移除</translation>
        </message>
        <message>
            <source>Search messages</source>
            <translation>搜索消息</translation>
        </message>
        <message>
            <source>User name</source>
            <translation>用户名</translation>
        </message>
        <message>
            <source>Add contact</source>
            <translation>添加联系人</translation>
        </message>
        <message>
            <source>Decline</source>
            <translation>拒绝</translation>
        </message>
        <message>
            <source>Conversations</source>
            <translation>会话</translation>
        </message>
        <message>
            <source>Contacts</source>
            <translation>联系人</translation>
        </message>
    </context>
    <context>
        <name>Welcome</name>
        <message>
            <source>Asking the relay …</source>
            <translation>正在询问中继…</translation>
        </message>
        <message>
            <source>Welcome</source>
            <translation>欢迎</translation>
        </message>
        <message>
            <source>An account lives at a relay, which whoever runs it names to you. Messages go from device to device, sealed; the relay cannot read them. The password never leaves this device.</source>
            <translation>账号开在一台中继上，地址由中继的管理者提供。消息加密后从设备直达设备，中继无法阅读。密码不会离开本机。</translation>
        </message>
        <message>
            <source>Relay</source>
            <translation>中继</translation>
        </message>
        <message>
            <source>User name</source>
            <translation>用户名</translation>
        </message>
        <message>
            <source>Password</source>
            <translation>密码</translation>
        </message>
        <message>
            <source>New account</source>
            <translation>注册</translation>
        </message>
        <message>
            <source>Log in</source>
            <translation>登录</translation>
        </message>
    </context>
    <context>
        <name>Words</name>
        <message>
            <source>direct</source>
            <translation>直连</translation>
        </message>
        <message>
            <source>through TURN</source>
            <translation>经 TURN</translation>
        </message>
        <message>
            <source>by the relay's mailbox</source>
            <translation>经中继信箱</translation>
        </message>
        <message>
            <source>no path yet</source>
            <translation>尚无路径</translation>
        </message>
        <message>
            <source>Direct where possible</source>
            <translation>尽量直连</translation>
        </message>
        <message>
            <source>Only direct</source>
            <translation>仅直连</translation>
        </message>
        <message>
            <source>Only over the relay (hides my address)</source>
            <translation>仅经中继（隐藏我的地址）</translation>
        </message>
        <message>
            <source>Every path at once</source>
            <translation>所有路径同时发送</translation>
        </message>
        <message>
            <source>received</source>
            <translation>已收到</translation>
        </message>
        <message>
            <source>waiting</source>
            <translation>等待发送</translation>
        </message>
        <message>
            <source>sent</source>
            <translation>已发送</translation>
        </message>
        <message>
            <source>delivered</source>
            <translation>已送达</translation>
        </message>
        <message>
            <source>not delivered</source>
            <translation>未送达</translation>
        </message>
        <message>
            <source>Calling %1 …</source>
            <translation>正在呼叫 %1…</translation>
        </message>
        <message>
            <source>It rings at %1 …</source>
            <translation>%1 正在响铃…</translation>
        </message>
        <message>
            <source>%1 is calling, with video</source>
            <translation>%1 邀请你视频通话</translation>
        </message>
        <message>
            <source>%1 is calling</source>
            <translation>%1 来电</translation>
        </message>
        <message>
            <source>Connecting with %1 …</source>
            <translation>正在与 %1 建立连接…</translation>
        </message>
        <message>
            <source>In a call with %1</source>
            <translation>与 %1 通话中</translation>
        </message>
        <message>
            <source>call</source>
            <translation>通话</translation>
        </message>
        <message>
            <source>cancelled call</source>
            <translation>已取消的通话</translation>
        </message>
        <message>
            <source>unanswered call</source>
            <translation>无人接听</translation>
        </message>
        <message>
            <source>declined call</source>
            <translation>已拒绝的通话</translation>
        </message>
        <message>
            <source>call: was busy</source>
            <translation>通话：对方忙</translation>
        </message>
        <message>
            <source>call: that device cannot call</source>
            <translation>通话：对方设备不支持</translation>
        </message>
        <message>
            <source>call answered on another device</source>
            <translation>已在其他设备接听</translation>
        </message>
        <message>
            <source>call: no connection came about</source>
            <translation>通话：未能建立连接</translation>
        </message>
        <message>
            <source>call: the connection was lost</source>
            <translation>通话：连接中断</translation>
        </message>
        <message>
            <source>call: both called at once</source>
            <translation>通话：双方同时呼叫</translation>
        </message>
        <message>
            <source>The key of %1 is another one now. Nothing is sent until you have compared the safety number, and removed and added the contact again.</source>
            <translation>%1 的密钥已改变。在你核对安全码并重新添加该联系人之前，不会发送任何内容。</translation>
        </message>
        <message>
            <source>%1 has one more device.</source>
            <translation>%1 增加了一台设备。</translation>
        </message>
        <message>
            <source>%1 has one device less.</source>
            <translation>%1 减少了一台设备。</translation>
        </message>
        <message>
            <source>Security: %1 (%2)</source>
            <translation>安全提示：%1（%2）</translation>
        </message>
        <message>
            <source>%1 (%2)</source>
            <translation>%1（%2）</translation>
        </message>
        <message>
            <source>User name or password are wrong.</source>
            <translation>用户名或密码错误。</translation>
        </message>
        <message>
            <source>Another account has this name already. Choose another one.</source>
            <translation>该用户名已被使用，请换一个。</translation>
        </message>
        <message>
            <source>Messages go to contacts only. Send a contact request first.</source>
            <translation>只能给联系人发消息，请先发送联系人请求。</translation>
        </message>
        <message>
            <source>The relay knows no such account. Check the spelling.</source>
            <translation>中继上没有此账号，请检查拼写。</translation>
        </message>
        <message>
            <source>This contact is blocked.</source>
            <translation>该联系人已被屏蔽。</translation>
        </message>
        <message>
            <source>The relay is not the one that its address names. Check the address.</source>
            <translation>中继与地址中的密钥不符，请检查地址。</translation>
        </message>
        <message>
            <source>The relay wants a newer version of this program.</source>
            <translation>中继要求更新本程序。</translation>
        </message>
        <message>
            <source>The contact's key has changed. Compare the safety number first.</source>
            <translation>联系人的密钥已改变，请先核对安全码。</translation>
        </message>
        <message>
            <source>This device was logged out elsewhere. Log in again.</source>
            <translation>此设备已在别处被移除，请重新登录。</translation>
        </message>
        <message>
            <source>This file is not here any more. Ask its sender for it.</source>
            <translation>文件已不在，请向发送者索取。</translation>
        </message>
        <message>
            <source>Your role in the group does not allow this.</source>
            <translation>你在群里的角色不允许此操作。</translation>
        </message>
        <message>
            <source>There is no connection to the relay. Try again when there is.</source>
            <translation>未连接中继，请连接后重试。</translation>
        </message>
        <message>
            <source>Too many tries. Wait %1 s.</source>
            <translation>尝试过多，请等待 %1 秒。</translation>
        </message>
        <message>
            <source>A bound is reached.</source>
            <translation>已达上限。</translation>
        </message>
        <message>
            <source>No answer came in time. Try again.</source>
            <translation>未及时得到答复，请重试。</translation>
        </message>
        <message>
            <source>Too much is under way. Try again.</source>
            <translation>正忙，请重试。</translation>
        </message>
        <message>
            <source>The relay cannot serve now. Try again later.</source>
            <translation>中继暂时不可用，请稍后重试。</translation>
        </message>
        <message>
            <source>This is not possible now.</source>
            <translation>现在无法进行。</translation>
        </message>
        <message>
            <source>The disk refused. Make room. Nothing that was accepted is lost.</source>
            <translation>磁盘拒绝写入，请腾出空间。已接受的内容不会丢失。</translation>
        </message>
        <message>
            <source>Another program has this account open. Close it first.</source>
            <translation>另一个程序正在使用此账号，请先关闭它。</translation>
        </message>
        <message>
            <source>What is stored is damaged: "godwit repair" makes a new store of the rest.</source>
            <translation>存储已损坏：可用“godwit repair”从完好的部分重建。</translation>
        </message>
        <message>
            <source>A newer version has written here. Update this program.</source>
            <translation>数据由更新的版本写入，请更新本程序。</translation>
        </message>
        <message>
            <source>The passphrase does not open this.</source>
            <translation>口令不正确。</translation>
        </message>
        <message>
            <source>This is too long.</source>
            <translation>内容过长。</translation>
        </message>
        <message>
            <source>This cannot be done so.</source>
            <translation>无法这样操作。</translation>
        </message>
        <message>
            <source>This version or the other side cannot do that.</source>
            <translation>此版本或对方不支持该操作。</translation>
        </message>
        <message>
            <source>It was not delivered in time.</source>
            <translation>未能按时送达。</translation>
        </message>
        <message>
            <source>%1, %2</source>
            <translation>%1，%2</translation>
        </message>
        <message>
            <source>sticker %1</source>
            <translation>贴纸 %1</translation>
        </message>
        <message>
            <source>place %1 %2, %3</source>
            <translation>位置 %1 %2，%3</translation>
        </message>
        <message>
            <source>contact %1</source>
            <translation>名片 %1</translation>
        </message>
        <message numerus="yes">
            <source>%n forwarded message(s)</source>
            <translation>
                <numerusform>%n 条转发的消息</numerusform>
            </translation>
        </message>
        <message>
            <source>of a kind that this version does not know</source>
            <translation>此版本无法识别的类型</translation>
        </message>
        <message>
            <source>taken back by %1</source>
            <translation>%1 撤回了一条消息</translation>
        </message>
        <message>
            <source>Notes to myself</source>
            <translation>给自己的备忘</translation>
        </message>
        <message>
            <source>%1 has begun a call</source>
            <translation>%1 发起了通话</translation>
        </message>
        <message>
            <source>call: you are not in the group any more</source>
            <translation>通话：你已不在群里</translation>
        </message>
        <message>
            <source>call: there was no room</source>
            <translation>通话：人数已满</translation>
        </message>
        <message>
            <source>somebody</source>
            <translation>某人</translation>
        </message>
        <message>
            <source>%1 has made the group</source>
            <translation>%1 创建了群组</translation>
        </message>
        <message>
            <source>%1 has taken in %2</source>
            <translation>%1 邀请 %2 加入</translation>
        </message>
        <message>
            <source>%1 has put out %2</source>
            <translation>%1 将 %2 移出</translation>
        </message>
        <message>
            <source>%1 has left</source>
            <translation>%1 已退出</translation>
        </message>
        <message>
            <source>the group is called %1 now</source>
            <translation>群名改为 %1</translation>
        </message>
        <message>
            <source>%1 writes about the group: %2</source>
            <translation>%1 更新了群信息：%2</translation>
        </message>
        <message>
            <source>the role of %1 is another one now</source>
            <translation>%1 的角色已改变</translation>
        </message>
        <message>
            <source>%1 may write again</source>
            <translation>%1 可以发言了</translation>
        </message>
        <message>
            <source>%1 may not write</source>
            <translation>%1 被禁言</translation>
        </message>
        <message>
            <source>everybody may write again</source>
            <translation>全员可以发言</translation>
        </message>
        <message>
            <source>only admins may write</source>
            <translation>仅管理员可发言</translation>
        </message>
        <message>
            <source>the discussion is a group now</source>
            <translation>讨论组已转为群组</translation>
        </message>
        <message>
            <source>%1 has dissolved the group</source>
            <translation>%1 解散了群组</translation>
        </message>
        <message>
            <source>the discussion is over</source>
            <translation>讨论组已结束</translation>
        </message>
        <message>
            <source>%1 has changed the group</source>
            <translation>%1 修改了群设置</translation>
        </message>
    </context>
</TS>
