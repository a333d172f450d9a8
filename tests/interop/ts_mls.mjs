// SPDX-License-Identifier: Apache-2.0
// lib/mls and another implementation of RFC 9420 in one group, over raw MLSMessages: ./dev interop.
//
//   node ts_mls.mjs CACHE MLS_CLIENT [--seed N] [--steps N]     CACHE has node_modules with ts-mls (TypeScript over WebCrypto)
//
// Each story is told for each suite, with handshakes as PublicMessages and as PrivateMessages, and with every other member
// of the other implementation, whoever founds. After each step all are in one epoch with one epoch authenticator and one
// exported secret, and what each of them says all the others read.
//
// It also refuses some good trees (`too_strict` below): who could not join by one is put out again, and counted.
//
// Three things of ts-mls 1.6.4 are not what RFC 9420 says, and are set right here, beside it: `external_pub` is the bare key
// there instead of a struct with a vector (section 12.4.3.2), keys of P-256 are compressed instead of uncompressed points
// (section 5.1.1), and processMessage() forgets the PSKs of a PrivateMessage.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const cache = resolve(process.argv[2] ?? '.')
const client = process.argv[3]
const option = (name, otherwise) => {
    const at = process.argv.indexOf(name)
    return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const seed = option('--seed', 1)
const steps = option('--steps', 60)
const require = createRequire(join(cache, 'package.json'))
const m = await import(pathToFileURL(require.resolve('ts-mls')).href)
const inside = (path) => import(pathToFileURL(join(cache, 'node_modules/ts-mls/dist/src', path)).href)
const { createGroupInfoWithRatchetTree } = await inside('createCommit.js')
const { p256 } = await import(pathToFileURL(join(cache, 'node_modules/@noble/curves/nist.js')).href)

const suites = [
    [1, 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'],
    [2, 'MLS_128_DHKEMP256_AES128GCM_SHA256_P256'],
    [3, 'MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519'],
]
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const message = (content) => hex(m.encodeMlsMessage({ version: 'mls10', ...content }))
const opened = (text) => m.decodeMlsMessage(bytes(text), 0)[0]
/// The length before a vector (section 2.1.2) of less than 16,384 bytes.
const vector = (size) => size < 64 ? [size] : [0x40 | size >> 8, size & 0xff]
/// ts-mls wants all parents of an unmerged leaf to have the same unmerged leaves; section 12.4.3.1: that they list this one.
const too_strict = 'must list leaf node in its unmerged_leaves'
let refused = 0
const fail = (what) => { throw new Error(what) }

// ---- a member by lib/mls: a process, a line of JSON in, a line out (docs/mls.md) -------------------------------------------

class Ours
{
    constructor(name, suite, encrypt)
    {
        Object.assign(this, { name, suite, encrypt, id: hex(Buffer.from(name)), waiting: [] })
        this.process = spawn(client, [], { stdio: ['pipe', 'pipe', 'inherit'] })
        createInterface({ input: this.process.stdout }).on('line', (line) => this.waiting.shift()(JSON.parse(line)))
    }
    async ask(verb, fields = {})
    {
        const answer = await new Promise((done) => {
            this.waiting.push(done)
            this.process.stdin.write(JSON.stringify({ do: verb, ...fields }) + '\n')
        })
        return answer.ok ? answer : fail(`${this.name} (godwit): ${verb}: ${answer.error}`)
    }
    on(verb, fields = {}) { return this.ask(verb, { state: this.state, ...fields }) }
    async found(group)
    {
        this.state = (await this.ask('create_group', { group_id: group, cipher_suite: this.suite[0], identity: this.id, encrypt_handshake: this.encrypt })).state
    }
    async package()
    {
        const made = await this.ask('create_key_package', { cipher_suite: this.suite[0], identity: this.id })
        this.transaction = made.transaction
        return made.key_package
    }
    async join(made)
    {
        this.state = (await this.ask('join_group', { transaction: this.transaction, welcome: made.welcome, encrypt_handshake: this.encrypt })).state
    }
    static said(what)
    {
        switch (what.kind) {
        case 'add': return { proposal_type: 'add', key_package: what.package }
        case 'remove': return { proposal_type: 'remove', removed_id: hex(Buffer.from(what.name)) }
        case 'psk': return { proposal_type: 'external_psk', psk_id: what.id }
        case 'resumption': return { proposal_type: 'resumption_psk', epoch: what.epoch }
        case 'update': return { proposal_type: 'update' }
        }
        return fail(what.kind)
    }
    async commit(by_value, proposals)
    {
        const made = await this.on('commit', { by_reference: proposals, by_value: by_value.map(Ours.said) })
        await this.on('handle_pending_commit')
        return { commit: made.commit, welcome: made.welcome }
    }
    async handle(commit, proposals) { return (await this.on('handle_commit', { commit, proposals })).left }
    async propose(what) { return (await this.on('propose', Ours.said(what))).proposal }
    async protect(text) { return (await this.on('protect', { plaintext: text, authenticated_data: 'aa55' })).ciphertext }
    async unprotect(text) { return (await this.on('unprotect', { ciphertext: text })).plaintext }
    async authenticator() { return (await this.on('state_auth')).state_auth_secret }
    async exported() { return (await this.on('export', { label: 'interop', context: 'cafe', key_length: 40 })).exported_secret }
    async epoch() { return (await this.on('describe')).epoch }
    async info() { return (await this.on('group_info')).group_info }
    async enter(info, again)
    {
        const made = await this.ask('external_join', { group_info: info, identity: this.id, encrypt_handshake: this.encrypt, remove_prior: again })
        this.state = made.state
        return made.commit
    }
    async asks(info)
    {
        const made = await this.ask('new_member_add_proposal', { group_info: info, identity: this.id })
        this.transaction = made.transaction
        return made.proposal
    }
    async knows(id, secret) { await this.ask('store_psk', { psk_id: id, psk_secret: secret }) }
    close() { this.process.stdin.end() }
}

// ---- a member by ts-mls --------------------------------------------------------------------------------------------------

class Theirs
{
    constructor(name, suite, encrypt) { Object.assign(this, { name, suite, encrypt, psks: {} }) }
    async own()
    {
        if (this.pair) return
        this.cs = await m.getCiphersuiteImpl(m.getCiphersuiteFromName(this.suite[1]))
        const now = BigInt(Math.floor(Date.now() / 1000))
        this.make = async () => {
            const keys = await this.cs.signature.keygen()
            if (this.suite[0] === 2) keys.publicKey = p256.getPublicKey(keys.signKey, false)
            return m.generateKeyPackageWithKey({ credentialType: 'basic', identity: Buffer.from(this.name) }, m.defaultCapabilities(), { notBefore: now - 3600n, notAfter: now + 7_776_000n }, [], keys, this.cs)
        }
        this.pair = await this.make()
    }
    index() { return m.makePskIndex(this.state, this.psks) }
    async found(group)
    {
        await this.own()
        this.state = await m.createGroup(bytes(group), this.pair.publicPackage, this.pair.privatePackage, [], this.cs)
    }
    async package()
    {
        await this.own()
        this.pair = await this.make()
        return message({ wireformat: 'mls_key_package', keyPackage: this.pair.publicPackage })
    }
    async join(made)
    {
        this.state = await m.joinGroup(opened(made.welcome).welcome, this.pair.publicPackage, this.pair.privatePackage, m.makePskIndex(undefined, this.psks), this.cs)
    }
    leaf(name)
    {
        const at = this.state.ratchetTree.findIndex((node) => node?.nodeType === 'leaf' && Buffer.from(node.leaf.credential.identity).toString() === name)
        return at < 0 ? fail(`${this.name} (ts-mls): ${name} is not in the group`) : at / 2
    }
    said(what)
    {
        const nonce = crypto.getRandomValues(new Uint8Array(32))
        switch (what.kind) {
        case 'add': return { proposalType: 'add', add: { keyPackage: opened(what.package).keyPackage } }
        case 'remove': return { proposalType: 'remove', remove: { removed: this.leaf(what.name) } }
        case 'psk': return { proposalType: 'psk', psk: { preSharedKeyId: { psktype: 'external', pskId: bytes(what.id), pskNonce: nonce } } }
        case 'resumption': return { proposalType: 'psk', psk: { preSharedKeyId: { psktype: 'resumption', usage: 'application', pskGroupId: this.state.groupContext.groupId, pskEpoch: BigInt(what.epoch), pskNonce: nonce } } }
        }
        return fail(what.kind)
    }
    async take(text)
    {
        const came = opened(text)
        const got = came.wireformat === 'mls_public_message'
            ? await m.processPublicMessage(this.state, came.publicMessage, this.index(), this.cs)
            : await m.processPrivateMessage(this.state, came.privateMessage, this.index(), this.cs)
        this.state = got.newState
        return got
    }
    async commit(by_value, proposals)
    {
        for (const one of proposals) if (!this.mine?.has(one)) await this.take(one)
        const made = await m.createCommit({ state: this.state, cipherSuite: this.cs, pskIndex: this.index() },
            { wireAsPublicMessage: !this.encrypt, extraProposals: by_value.map((what) => this.said(what)), ratchetTreeExtension: true })
        this.state = made.newState
        return { commit: hex(m.encodeMlsMessage(made.commit)), welcome: made.welcome && message({ wireformat: 'mls_welcome', welcome: made.welcome }) }
    }
    async handle(commit, proposals)
    {
        for (const one of proposals) if (!this.mine?.has(one)) await this.take(one)
        await this.take(commit)
        return this.state.groupActiveState.kind === 'removedFromGroup'
    }
    async propose(what)
    {
        const made = await m.createProposal(this.state, !this.encrypt, this.said(what), this.cs)
        this.state = made.newState
        const text = hex(m.encodeMlsMessage(made.message))
        ;(this.mine ??= new Set()).add(text)
        return text
    }
    async protect(text)
    {
        const made = await m.createApplicationMessage(this.state, bytes(text), this.cs, bytes('aa55'))
        this.state = made.newState
        return message({ wireformat: 'mls_private_message', privateMessage: made.privateMessage })
    }
    async unprotect(text) { return hex((await this.take(text)).message) }
    async authenticator() { return hex(this.state.keySchedule.epochAuthenticator) }
    async exported() { return hex(await m.mlsExporter(this.state.keySchedule.exporterSecret, 'interop', bytes('cafe'), 40, this.cs)) }
    async epoch() { return Number(this.state.groupContext.epoch) }
    async info()
    {
        const external = await this.cs.hpke.exportPublicKey((await this.cs.hpke.deriveKeyPair(this.state.keySchedule.externalSecret)).publicKey)
        const extension = { extensionType: 'external_pub', extensionData: new Uint8Array([...vector(external.length), ...external]) }
        return message({ wireformat: 'mls_group_info', groupInfo: await createGroupInfoWithRatchetTree(this.state.groupContext, this.state.confirmationTag, this.state, this.state.ratchetTree, [extension], this.cs) })
    }
    async enter(info, again)
    {
        await this.own()
        const pair = again ? this.pair : await this.make()
        const shown = opened(info).groupInfo
        const external = shown.extensions.find((one) => one.extensionType === 'external_pub').extensionData
        // Signed as it is, read as a bare key.
        shown.extensions.find = (match) => {
            const one = Array.prototype.find.call(shown.extensions, match)
            return one?.extensionData !== external ? one : { ...one, extensionData: external.slice(vector(external.length - 1).length) }
        }
        const made = await m.joinGroupExternal(shown, pair.publicPackage, pair.privatePackage, again, this.cs)
        Object.assign(this, { pair, state: made.newState })
        return message({ wireformat: 'mls_public_message', publicMessage: made.publicMessage })
    }
    async asks(info)
    {
        await this.own()
        this.pair = await this.make()
        return hex(m.encodeMlsMessage(await m.proposeAddExternal(opened(info).groupInfo, this.pair.publicPackage, this.pair.privatePackage, this.cs)))
    }
    async knows(id, secret) { this.psks[Buffer.from(id, 'hex').toString('base64')] = bytes(secret) }
    close() {}
}

// ---- a group -------------------------------------------------------------------------------------------------------------

class Party
{
    constructor(suite, encrypt, first) { Object.assign(this, { suite, encrypt, first, all: new Map(), members: [] }) }
    /// Every other one is of the other implementation.
    one(name)
    {
        if (!this.all.has(name)) {
            const theirs = (this.all.size + this.first) % 2 === 1
            this.all.set(name, new (theirs ? Theirs : Ours)(name, this.suite, this.encrypt))
        }
        return this.all.get(name)
    }
    async found(name)
    {
        await this.one(name).found('c0ffee')
        this.members = [name]
    }
    async commit(by, by_value = [], proposals = [], gone = [])
    {
        const made = await this.one(by).commit(by_value, proposals)
        for (const name of this.members) {
            if (name === by) continue
            const left = await this.one(name).handle(made.commit, proposals)
            if (left !== gone.includes(name)) fail(`${name}: ${left ? 'left' : 'stayed'}`)
        }
        this.members = this.members.filter((name) => !gone.includes(name))
        return made
    }
    async let_in(made, names)
    {
        const out = []
        for (const name of names) {
            try {
                await this.one(name).join(made)
                this.members.push(name)
            } catch (trouble) {
                if (!String(trouble).includes(too_strict)) throw trouble
                out.push(name)
            }
        }
        refused += out.length
        if (out.length > 0) await this.commit(this.members[0], out.map((name) => ({ kind: 'remove', name })))
        await this.agree()
    }
    async add(by, ...names)
    {
        const packages = []
        for (const name of names) packages.push({ kind: 'add', package: await this.one(name).package() })
        await this.let_in(await this.commit(by, packages), names)
    }
    async agree()
    {
        const secrets = new Set()
        for (const name of this.members) secrets.add(await this.one(name).authenticator() + await this.one(name).exported())
        if (secrets.size !== 1) fail(`${secrets.size} epochs among ${this.members}`)
        for (const by of this.members) {
            const said = hex(Buffer.from(`${by} says so`))
            const sealed = await this.one(by).protect(said)
            for (const name of this.members)
                if (name !== by && await this.one(name).unprotect(sealed) !== said) fail(`${name} reads something else of ${by}`)
        }
    }
    close() { for (const one of this.all.values()) one.close() }
}

// ---- stories -------------------------------------------------------------------------------------------------------------

const stories = {
    async 'by value'(p)
    {
        await p.found('alice')
        await p.add('alice', 'bob', 'carol')
        await p.add('bob', 'dave')
        await p.commit('carol')
        await p.agree()
        await p.commit('dave', [{ kind: 'remove', name: 'alice' }], [], ['alice'])
        await p.agree()
        await p.add('bob', 'erin', 'frank', 'grace')
        await p.commit('erin')
        await p.commit('frank')
        await p.agree()
    },
    async 'by reference'(p)
    {
        await p.found('alice')
        await p.add('alice', 'bob', 'carol', 'dave')
        for (const [by, committer, newcomer] of [['bob', 'alice', 'erin'], ['carol', 'bob', 'frank']]) {
            const proposal = await p.one(by).propose({ kind: 'add', package: await p.one(newcomer).package() })
            await p.let_in(await p.commit(committer, [], [proposal]), [newcomer])
        }
        for (const by of ['alice', 'bob'].filter((name) => p.one(name) instanceof Ours)) {
            const committer = by === 'alice' ? 'bob' : 'alice'
            await p.commit(committer, [], [await p.one(by).propose({ kind: 'update' })])
            await p.agree()
        }
        const remove = await p.one('erin').propose({ kind: 'remove', name: 'carol' })
        await p.commit('frank', [], [remove], ['carol'])
        await p.agree()
    },
    async psks(p)
    {
        await p.found('alice')
        await p.add('alice', 'bob')
        for (const name of ['alice', 'bob', 'carol']) await p.one(name).knows('05', '77'.repeat(32))
        for (const by of ['alice', 'bob']) {
            await p.commit(by, [{ kind: 'psk', id: '05' }])
            await p.agree()
            await p.commit(by, [{ kind: 'resumption', epoch: await p.one(by).epoch() - 1 }])
            await p.agree()
        }
        const made = await p.commit('bob', [{ kind: 'add', package: await p.one('carol').package() }, { kind: 'psk', id: '05' }])
        await p.let_in(made, ['carol'])
    },
    async 'from outside'(p)
    {
        await p.found('alice')
        await p.add('alice', 'bob')
        for (const [by, name] of [['alice', 'carol'], ['bob', 'dave'], ['bob', 'erin'], ['alice', 'frank']]) {
            const commit = await p.one(name).enter(await p.one(by).info(), false)
            for (const member of p.members) await p.one(member).handle(commit, [])
            p.members.push(name)
            await p.agree()
        }
        // Two have lost everything, and come back in their own places.
        for (const [by, name] of [['alice', 'carol'], ['bob', 'dave'], ['alice', 'bob']]) {
            const commit = await p.one(name).enter(await p.one(by === name ? 'carol' : by).info(), true)
            for (const member of p.members) if (member !== name) await p.one(member).handle(commit, [])
            await p.agree()
        }
        for (const [by, name] of [['bob', 'grace'], ['alice', 'heidi']]) {
            const asked = await p.one(name).asks(await p.one(by).info())
            await p.let_in(await p.commit(by, [], [asked]), [name])
        }
    },
    async 'a walk at random'(p)
    {
        let state = seed
        const draw = (below) => {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0
            return Math.floor(state / 4294967296 * below)
        }
        const pick = (list) => list[draw(list.length)]
        await p.found('m0')
        await p.add('m0', 'm1', 'm2')
        for (let step = 0, next = 3; step < steps; ++step) {
            const by = pick(p.members)
            const others = p.members.filter((name) => name !== by)
            switch (draw(p.members.length > 9 ? 3 : 5)) {
            case 0: await p.commit(by); break
            case 1:
            case 2: {
                if (others.length < 2) break
                const gone = pick(others)
                if (draw(2) === 0) await p.commit(by, [{ kind: 'remove', name: gone }], [], [gone])
                else {
                    const proposer = pick(others.filter((name) => name !== gone))
                    await p.commit(by, [], [await p.one(proposer).propose({ kind: 'remove', name: gone })], [gone])
                }
                break
            }
            default: await p.add(by, ...Array.from({ length: 1 + draw(3) }, () => `m${next++}`))
            }
            await p.agree()
        }
    },
}

const name = `ts-mls ${JSON.parse(require('node:fs').readFileSync(join(cache, 'node_modules/ts-mls/package.json'), 'utf8')).version}`
console.log(`godwit and ${name}; seed ${seed}, ${steps} steps`)
let passed = 0
let failed = 0
for (const [what, story] of Object.entries(stories))
    for (const suite of suites)
        for (const encrypt of [false, true])
            for (const first of [0, 1]) {
                const party = new Party(suite, encrypt, first)
                const where = `${what}, suite ${suite[0]}, ${encrypt ? 'PrivateMessage' : 'PublicMessage'}, founded by ${first ? name : 'godwit'}`
                try {
                    await story(party)
                    ++passed
                } catch (trouble) {
                    ++failed
                    console.log(`FAILED: ${where}: ${trouble.stack ?? trouble}`)
                }
                party.close()
            }
if (refused > 0) console.log(`${refused} times ts-mls did not join by a tree whose parents have unmerged leaves of their own`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
