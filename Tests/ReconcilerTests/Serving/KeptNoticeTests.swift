import Foundation
import Testing

@testable import Reconciler

@Suite("What people were told, in the store")
struct KeptNoticeTests {
    private let clock = ManualClock()

    private func findings(_ failed: Int, at time: Timestamp) -> Findings {
        var status = ControllerStatus(startedAt: time, manifests: .init(origin: "fleet"))
        status.lookedAt = time
        status.sets = [.init(name: "meters", devices: 100, failed: failed)]
        return Findings(status, at: time)
    }

    @Test("a restart and a second process do not tell it again; what ended and came again is told again")
    func outlives() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let log = NoticeLog()
        func tell(_ book: inout KeptNoticeBook, _ failed: Int) async {
            clock.advance(by: .seconds(1))
            await book.tell(findings(failed, at: clock.now()), at: clock.now(), by: log, clock: clock)
        }
        var first = KeptNoticeBook(store: store, interval: .seconds(600))
        await tell(&first, 2)
        #expect(log.all.count == 1)
        var second = KeptNoticeBook(store: try SQLiteStore(path: folder.path + "/state.db"), interval: .seconds(600))
        await tell(&second, 2)
        await tell(&first, 2)
        #expect(log.all.count == 1)
        await tell(&second, 0)
        #expect(try await store.read { try $0.toldNotices() }.isEmpty)
        var third = KeptNoticeBook(store: store, interval: .seconds(600))
        await tell(&third, 1)
        #expect(log.all.count == 2)
    }

    @Test("a notice that was not delivered is not told, and goes out when it can, after a restart as well")
    func undelivered() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let log = NoticeLog()
        log.fail(true)
        var book = KeptNoticeBook(store: store, interval: .seconds(600))
        await book.tell(findings(2, at: clock.now()), at: clock.now(), by: log, clock: clock)
        #expect(try await store.read { try $0.toldNotices() }.isEmpty)
        log.fail(false)
        clock.advance(by: .seconds(60))
        var restarted = KeptNoticeBook(store: store, interval: .seconds(600))
        for _ in 0..<2 {
            await book.tell(findings(2, at: clock.now()), at: clock.now(), by: log, clock: clock)
            await restarted.tell(findings(2, at: clock.now()), at: clock.now(), by: log, clock: clock)
        }
        #expect(log.all.map(\.devices) == [2])
    }

    @Test("what is wrong with the store itself is told once although it cannot be written down, and written down later")
    func storeFails() async throws {
        let folder = try TemporaryFolder()
        let store = StoreOutage(try SQLiteStore(path: folder.path + "/state.db"))
        let log = NoticeLog()
        var book = KeptNoticeBook(store: store, interval: .seconds(600))
        store.begin()
        for _ in 0..<3 {
            await book.tell(findings(2, at: clock.now()), at: clock.now(), by: log, clock: clock)
        }
        #expect(log.all.count == 1)
        store.end()
        await book.tell(findings(2, at: clock.now()), at: clock.now(), by: log, clock: clock)
        #expect(log.all.count == 1)
        #expect(try await store.read { try $0.toldNotices() }.map(\.devices) == [2])
    }

    @Test("a webhook that answers with an error, or not at all, was not told; one that takes the message was")
    func webhook() async throws {
        let notice = Notice(
            .init(kind: .failed, subject: "meters"), text: "Failed.", devices: 1, commit: nil, at: clock.now())
        let webhook = Webhook()
        let url = try await webhook.receiving { url in
            let notifier = WebhookNotifier(url: url, clock: LeapingClock(), logger: Harness.quiet)
            for status in [403, 503] {
                webhook.answer(with: status)
                #expect(await notifier.deliver(notice) == false, "\(status)")
            }
            webhook.answer(with: 200)
            #expect(await notifier.deliver(notice))
            return url
        }
        let message = try #require(webhook.messages.first)
        #expect(message["text"]?.text == "profilectl: Failed." && message["commit"] == nil)
        #expect(webhook.messages.count == 1)
        let gone = WebhookNotifier(url: url, clock: LeapingClock(), logger: Harness.quiet)
        #expect(await gone.deliver(notice) == false)
    }
}
