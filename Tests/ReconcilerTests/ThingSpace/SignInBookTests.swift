import Foundation
import Testing

@testable import Reconciler

@Suite("Counting sign-ins")
struct SignInBookTests {
    private let now = Timestamp(milliseconds: 1_790_000_000_000)

    private func book(
        refusals: Int = 0, accepted: Bool = false, contactRefusals: Int = 0, unanswered: Int = 0,
        attempt: SignInContact.Attempt? = nil
    ) -> SignInBook {
        SignInBook(
            SignInRecord(
                credential: "user 1", contact: "user c", refusals: refusals, at: now, acceptedAt: accepted ? now : nil),
            SignInContact(
                contact: "user c", refusals: contactRefusals, unanswered: unanswered, since: now, attempt: attempt))
    }

    private func begins(_ book: SignInBook, refusalsSeen: Int? = nil, isRetry: Bool = false) -> Bool {
        var book = book
        return book.begin(
            by: "me", at: now, until: now + .seconds(90), refusalsSeen: refusalsSeen, isRetry: isRetry,
            isGone: { _ in false }) == .go
    }

    @Test("a credential is tried until it was refused twice, a contact until four sign-ins may have been refused")
    func limits() {
        #expect(begins(book(refusals: 1)))
        #expect(!begins(book(refusals: 2)))
        // Other passwords of the same user were refused: the carrier counts them together.
        #expect(begins(book(contactRefusals: 3)))
        #expect(!begins(book(contactRefusals: 4)))
        #expect(!begins(book(refusals: 1, contactRefusals: 2, unanswered: 2)))
        #expect(!begins(book(unanswered: 4)))
        // One that the carrier has accepted is right, so silence is no refusal.
        #expect(begins(book(accepted: true, unanswered: 40)))
        #expect(begins(book(refusals: 2, contactRefusals: 4), isRetry: true), "a person has the last word")
    }

    @Test("one sign-in at a time, and one that was waited for in vain is not repeated")
    func oneAtATime() {
        let other = SignInContact.Attempt(by: "other", until: now + .seconds(1))
        var waiting = book(attempt: other)
        let decision = waiting.begin(
            by: "me", at: now, until: now + .seconds(90), refusalsSeen: nil, isRetry: true, isGone: { _ in false })
        #expect(decision == .underWay(refusals: 0))
        waiting.end(.refused, at: now)
        #expect(!begins(waiting, refusalsSeen: 0))
        #expect(begins(waiting), "who comes later may try once more")
        waiting.end(.accepted, at: now)
        #expect(begins(waiting, refusalsSeen: 0))
    }

    @Test("a sign-in whose process died or was never heard of again counts as unanswered")
    func died() {
        for (attempt, isGone) in [
            (SignInContact.Attempt(by: "other", until: now), false),
            (SignInContact.Attempt(by: ProcessIdentity().description, until: now + .seconds(60)), true),
        ] {
            var waiting = book(attempt: attempt)
            let decision = waiting.begin(
                by: "me", at: now, until: now + .seconds(90), refusalsSeen: nil, isRetry: false, isGone: { _ in isGone }
            )
            #expect(decision == .go)
            #expect(waiting.contact.unanswered == 1 && waiting.contact.attempt?.by == "me")
        }
    }

    @Test("a corrected credential that was accepted ends the alarm about the one before")
    func corrected() {
        func record(_ credential: String, refusals: Int = 0, at: Int, acceptedAt: Int? = nil) -> SignInRecord {
            SignInRecord(
                credential: credential, contact: "c", refusals: refusals, at: now + .seconds(at),
                acceptedAt: acceptedAt.map { now + .seconds($0) })
        }
        let wrong = record("user wrong", refusals: 2, at: 0)
        #expect([wrong].inForce == [wrong])
        let right = record("user right", at: 10, acceptedAt: 10)
        #expect([wrong, right].inForce == [right])
        let client = record("client right", at: 10, acceptedAt: 10)
        #expect([wrong, client].inForce == [wrong, client], "another kind of credential says nothing of it")
        let again = record("user wrong", refusals: 3, at: 20)
        #expect([again, right].inForce == [again, right], "somebody still uses it")
    }

    @Test("an attempt of a clock that was ahead is over")
    func wrongClock() {
        #expect(begins(book(attempt: SignInContact.Attempt(by: "other", until: now + .seconds(86_400)))))
        #expect(!begins(book(attempt: SignInContact.Attempt(by: "other", until: now + .seconds(90)))))
    }

    @Test("a stop says since when, and what to do")
    func explained() throws {
        let stop = try #require(book(refusals: 2).stop)
        for part in ["THINGSPACE_PASSWORD", "2 times", "\(now)", "--retry-sign-in", "in that run only"] {
            #expect(stop.description.contains(part))
        }
        #expect(book(contactRefusals: 4).stop?.description.contains("may lock the contact") == true)
        #expect(book(refusals: 1).stop == nil)
    }

    @Test("sign-ins that the carrier never answered have a sentence of their own, with what a person is to do")
    func unanswered() throws {
        var silent = book()
        for _ in 0..<4 {
            let decision = silent.begin(
                by: "me", at: now, until: now + .seconds(90), refusalsSeen: nil, isRetry: false, isGone: { _ in true })
            #expect(decision == .go)
            silent.end(.unanswered, at: now)
        }
        let text = try #require(silent.stop?.description)
        for part in [
            "has not answered the last 4 sign-ins", "\(now)", "before a person acts", "can be reached",
            "`profilectl callbacks list --retry-sign-in` once", "a `serve` goes on by itself",
        ] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(!text.contains("0 were refused"))
    }

    @Test(
        "whatever wrong passwords are tried by however many processes that die and time out, the contact is not locked",
        arguments: 1...20 as ClosedRange<UInt64>)
    func neverLocked(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let clock = ManualClock()
        let passwords = ["a", "b", "c"].map {
            CarrierCredentials(clientID: "id", clientSecret: "s", username: "user", password: $0).user
        }
        var refusedByCarrier = 0
        for _ in 0..<60 {
            // Each is a new process; some die before they can tell what came of it.
            let ledger = StoredSignInLedger(store: store, clock: clock, isGone: { _ in true })
            let credential = try #require(passwords.randomElement(using: &random))
            guard try await ledger.begin(credential, refusalsSeen: nil) == .go else { continue }
            refusedByCarrier += 1
            switch Int.random(in: 0..<3, using: &random) {
            case 0: break
            case 1: try await ledger.end(credential, .unanswered)
            default: try await ledger.end(credential, .refused)
            }
        }
        #expect(refusedByCarrier == 4, "seed \(seed)")
    }
}
