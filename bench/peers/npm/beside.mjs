// SPDX-License-Identifier: Apache-2.0
// What else a user could pick, from the npm registry, on this machine: ./dev bench npm.
//
//   node beside.mjs CACHE [all | datachannel | libsignal | mls]      CACHE has node_modules (package.json beside this)
//
// datachannel  node-datachannel (libdatachannel: ICE, DTLS, SCTP): two peers of this process on loopback, no STUN server;
//              connect, 100 bytes there and back, one way, bulk. Nothing is stored, and no message is receipted.
// libsignal    @signalapp/libsignal-client (Rust, native): a session of two; 100 bytes sealed and opened, stores in memory.
// mls          ts-mls (RFC 9420 in TypeScript over WebCrypto), suite 1, two members: 100 bytes sealed and opened.
import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const cache = resolve(process.argv[2] ?? '.')
const wanted = process.argv[3] ?? 'all'
const require = createRequire(join(cache, 'package.json'))
const versionOf = (name) => JSON.parse(readText(join(cache, 'node_modules', name, 'package.json'))).version
function readText(path) { return require('node:fs').readFileSync(path, 'utf8') }

const now = () => Number(process.hrtime.bigint()) / 1e3
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1]
const text = Buffer.alloc(100, 'x')

function figure(name, value, unit, what)
{
    console.log(`${what.padEnd(64)} ${value.toPrecision(4)} ${unit}`)
    if (process.env.GODWIT_BENCH_FIGURES) appendFileSync(process.env.GODWIT_BENCH_FIGURES, `${name}\t${value}\n`)
}

function within(seconds, what, promise)
{
    let timer
    const late = new Promise((_, refuse) => { timer = setTimeout(() => refuse(new Error(`waited ${seconds} s for ${what}`)), seconds * 1000) })
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

// ---- WebRTC data channels -----------------------------------------------------------------------------------------------

async function datachannel()
{
    const rtc = require('node-datachannel')
    const what = `node-datachannel ${versionOf('node-datachannel')}`
    const start = now()
    const a = new rtc.PeerConnection('a', { iceServers: [] })
    const b = new rtc.PeerConnection('b', { iceServers: [] })
    for (const [from, to] of [[a, b], [b, a]]) {
        from.onLocalDescription((sdp, type) => to.setRemoteDescription(sdp, type))
        from.onLocalCandidate((candidate, mid) => to.addRemoteCandidate(candidate, mid))
    }
    const accepted = new Promise((done) => b.onDataChannel(done))
    const near = a.createDataChannel('bench')
    const opened = new Promise((done) => near.onOpen(done))
    const far = await within(30, 'a channel', accepted)
    await within(30, 'the channel', opened)
    figure('datachannel.connect_ms', (now() - start) / 1e3, 'ms', `${what}: connect`)

    let bulk = 0
    let echo = true
    let back = () => {}
    let arrived = () => {}
    far.onMessage((message) => {
        if (echo) return far.sendMessageBinary(Buffer.from(message))
        bulk += message.length
        arrived()
    })
    near.onMessage(() => back())
    const trips = []
    for (let round = 0; round < 1000; ++round) {
        const sent = now()
        await new Promise((done) => { back = done; near.sendMessageBinary(text) })
        trips.push(now() - sent)
    }
    figure('datachannel.trip_us', median(trips), 'us', `${what}: 100 bytes there and back, p50`)

    echo = false
    const flow = async (payload, count) => {
        const queued_max = 1 << 20
        near.setBufferedAmountLowThreshold(queued_max / 4)
        bulk = 0
        const begun = now()
        const all = new Promise((done) => { arrived = () => { if (bulk >= payload.length * count) done() } })
        for (let sent = 0; sent < count; ++sent) {
            if (near.bufferedAmount() > queued_max) await new Promise((low) => near.onBufferedAmountLow(low))
            near.sendMessageBinary(payload)
        }
        await within(60, 'the flow', all)
        return (now() - begun) / 1e6
    }
    figure('datachannel.one_way', 20_000 / await flow(text, 20_000), 'a second', `${what}: 100 bytes, one way, not receipted`)
    const block = Buffer.alloc(60_000, 'x')
    figure('datachannel.mib', 512 * 60_000 / 1048576 / await flow(block, 512), 'MiB/s', `${what}: bulk`)
    a.close()
    b.close()
    rtc.cleanup()
}

// ---- libsignal ----------------------------------------------------------------------------------------------------------

async function libsignal()
{
    const s = require('@signalapp/libsignal-client')
    const what = `libsignal ${versionOf('@signalapp/libsignal-client')}`
    const key = (address) => `${address.name()}.${address.deviceId()}`
    class Sessions extends s.SessionStore {
        all = new Map()
        async saveSession(name, record) { this.all.set(key(name), record.serialize()) }
        async getSession(name) { const known = this.all.get(key(name)); return known ? s.SessionRecord.deserialize(known) : null }
        async getExistingSessions(names) { return Promise.all(names.map((name) => this.getSession(name))) }
    }
    class Identities extends s.IdentityKeyStore {
        pair = s.IdentityKeyPair.generate()
        async getIdentityKey() { return this.pair.privateKey }
        async getLocalRegistrationId() { return 1 }
        async saveIdentity() { return s.IdentityChange.NewOrUnchanged }
        async isTrustedIdentity() { return true }
        async getIdentity() { return null }
    }
    class Kept {
        all = new Map()
        async save(id, record) { this.all.set(id, record) }
        async get(id) { return this.all.get(id) }
    }
    class PreKeys extends s.PreKeyStore { kept = new Kept(); savePreKey(i, r) { return this.kept.save(i, r) } getPreKey(i) { return this.kept.get(i) } async removePreKey() {} }
    class SignedPreKeys extends s.SignedPreKeyStore { kept = new Kept(); saveSignedPreKey(i, r) { return this.kept.save(i, r) } getSignedPreKey(i) { return this.kept.get(i) } }
    class KyberPreKeys extends s.KyberPreKeyStore { kept = new Kept(); saveKyberPreKey(i, r) { return this.kept.save(i, r) } getKyberPreKey(i) { return this.kept.get(i) } async markKyberPreKeyUsed() {} }

    const side = (name) => ({ address: s.ProtocolAddress.new(name, 1), sessions: new Sessions(), ids: new Identities(), pre: new PreKeys(), signed: new SignedPreKeys(), kyber: new KyberPreKeys() })
    const ann = side('0b1a7a3e-6f0f-4d0a-8a53-0f1c5f0e7a01')
    const bob = side('0b1a7a3e-6f0f-4d0a-8a53-0f1c5f0e7a02')
    const one = s.PrivateKey.generate()
    const signed = s.PrivateKey.generate()
    const kyber = s.KEMKeyPair.generate()
    const secret = bob.ids.pair.privateKey
    const signature = secret.sign(signed.getPublicKey().serialize())
    const kyber_signature = secret.sign(kyber.getPublicKey().serialize())
    await bob.pre.savePreKey(1, s.PreKeyRecord.new(1, one.getPublicKey(), one))
    await bob.signed.saveSignedPreKey(1, s.SignedPreKeyRecord.new(1, Date.now(), signed.getPublicKey(), signed, signature))
    await bob.kyber.saveKyberPreKey(1, s.KyberPreKeyRecord.new(1, Date.now(), kyber, kyber_signature))
    await s.processPreKeyBundle(s.PreKeyBundle.new(1, 1, 1, one.getPublicKey(), 1, signed.getPublicKey(), signature, bob.ids.pair.publicKey, 1, kyber.getPublicKey(), kyber_signature), bob.address, ann.address, ann.sessions, ann.ids)
    const first = await s.signalEncrypt(text, bob.address, ann.address, ann.sessions, ann.ids)
    await s.signalDecryptPreKey(s.PreKeySignalMessage.deserialize(first.serialize()), ann.address, bob.address, bob.sessions, bob.ids, bob.pre, bob.signed, bob.kyber)
    const answer = await s.signalEncrypt(text, ann.address, bob.address, bob.sessions, bob.ids)
    await s.signalDecrypt(s.SignalMessage.deserialize(answer.serialize()), bob.address, ann.address, ann.sessions, ann.ids)

    const sealing = []
    const opening = []
    for (let round = 0; round < 1000; ++round) {
        let begun = now()
        const message = (await s.signalEncrypt(text, bob.address, ann.address, ann.sessions, ann.ids)).serialize()
        sealing.push(now() - begun)
        begun = now()
        await s.signalDecrypt(s.SignalMessage.deserialize(message), ann.address, bob.address, bob.sessions, bob.ids)
        opening.push(now() - begun)
    }
    figure('libsignal.seal_us', median(sealing), 'us', `${what}: 100 bytes sealed, p50`)
    figure('libsignal.open_us', median(opening), 'us', `${what}: 100 bytes opened, p50`)
}

// ---- MLS ----------------------------------------------------------------------------------------------------------------

async function mls()
{
    const m = await import(pathToFileURL(require.resolve('ts-mls')).href)
    const what = `ts-mls ${versionOf('ts-mls')}`
    const suite = await m.getCiphersuiteImpl(m.getCiphersuiteFromName('MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519'))
    const member = (name) => m.generateKeyPackage({ credentialType: 'basic', identity: Buffer.from(name) }, m.defaultCapabilities(), m.defaultLifetime, [], suite)
    const ann = await member('ann')
    const bob = await member('bob')
    let near = await m.createGroup(Buffer.from('bench'), ann.publicPackage, ann.privatePackage, [], suite)
    const added = await m.createCommit({ state: near, cipherSuite: suite }, { extraProposals: [{ proposalType: 'add', add: { keyPackage: bob.publicPackage } }] })
    near = added.newState
    let far = await m.joinGroup(added.welcome, bob.publicPackage, bob.privatePackage, m.emptyPskIndex, suite, near.ratchetTree)
    const sealing = []
    const opening = []
    for (let round = 0; round < 200; ++round) {
        let begun = now()
        const made = await m.createApplicationMessage(near, text, suite)
        const bytes = m.encodeMlsMessage({ privateMessage: made.privateMessage, wireformat: 'mls_private_message', version: 'mls10' })
        near = made.newState
        sealing.push(now() - begun)
        begun = now()
        const got = await m.processPrivateMessage(far, m.decodeMlsMessage(bytes, 0)[0].privateMessage, m.emptyPskIndex, suite)
        far = got.newState
        opening.push(now() - begun)
    }
    figure('tsmls.seal_us', median(sealing), 'us', `${what}: 100 bytes sealed, p50`)
    figure('tsmls.open_us', median(opening), 'us', `${what}: 100 bytes opened, p50`)
}

const all = { datachannel, libsignal, mls }
let failed = 0
for (const [name, run] of Object.entries(all)) {
    if (wanted !== 'all' && wanted !== name) continue
    try {
        await within(100, name, run())
    } catch (trouble) {
        ++failed
        console.log(`${name}: not measured: ${trouble.message}`)
    }
}
process.exit(failed)
