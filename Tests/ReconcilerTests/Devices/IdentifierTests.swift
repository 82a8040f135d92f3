import Testing

@testable import Reconciler

@Suite("Identifiers")
struct IdentifierTests {
    @Test("digits come back as they were written, leading zeros included", arguments: [1, 2, 3, 5, 8, 13])
    func roundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let text = String(
                (0..<Int.random(in: 1...32, using: &random)).map { _ in
                    Character(String(Int.random(in: 0...9, using: &random)))
                })
            #expect(EID(text)?.description == text, "seed \(seed)")
            #expect(EID(text)?.digitCount == text.count, "seed \(seed)")
            let short = String(text.prefix(20))
            #expect(ICCID(short)?.description == short, "seed \(seed)")
            let shorter = String(text.prefix(16))
            #expect(IMEI(shorter)?.description == shorter, "seed \(seed)")
        }
    }

    @Test(
        "what is no number of the right length is refused", arguments: ["", " ", "12a", "-1", "+1", "1e3", "１２", "1 2"])
    func refused(text: String) {
        #expect(EID(text) == nil)
        #expect(ICCID(text) == nil)
        #expect(IMEI(text) == nil)
    }

    @Test("too many digits are refused")
    func tooLong() {
        #expect(EID(String(repeating: "1", count: 33)) == nil)
        #expect(ICCID(String(repeating: "1", count: 21)) == nil)
        #expect(IMEI(String(repeating: "1", count: 17)) == nil)
    }

    @Test("check digits are checked: EID by MOD 97-10, ICCID by Luhn")
    func checkDigits() throws {
        #expect(EID("89049032000001000000000000000012")?.hasValidCheckDigits == false)
        #expect(try Fleets.eid(4711).hasValidCheckDigits)
        #expect(EID("66622223212345678912345678107115")?.hasValidCheckDigits == false)
        #expect(EID("678912789123453456784008666456")?.hasValidCheckDigits == false)
        #expect(ICCID("89148000000800784259")?.hasValidCheckDigit == true)
        #expect(ICCID("78425989148000000840")?.hasValidCheckDigit == false)
    }

    @Test("check digits are computed as by hand, digit for digit", arguments: [1, 2, 3])
    func checkDigitsByHand(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let digits = (0..<32).map { _ in Int.random(in: 0...9, using: &random) }
            let remainder = digits.reduce(0) { ($0 * 10 + $1) % 97 }
            let eid = try #require(EID(digits.map(String.init).joined()))
            #expect(eid.hasValidCheckDigits == (remainder == 1), "seed \(seed): \(eid)")
            let count = Int.random(in: 18...20, using: &random)
            let sum = digits.prefix(count).reversed().enumerated().reduce(0) { sum, digit in
                let doubled = digit.offset % 2 == 1 ? digit.element * 2 : digit.element
                return sum + doubled / 10 + doubled % 10
            }
            let iccid = try #require(ICCID(digits.prefix(count).map(String.init).joined()))
            #expect(iccid.hasValidCheckDigit == (count >= 19 && sum % 10 == 0), "seed \(seed): \(iccid)")
        }
    }

    @Test("keys are ordered as their digits are")
    func order() throws {
        #expect(try Fleets.eid(1) < Fleets.eid(2))
        #expect(try #require(EID("1")) < #require(EID("2")))
        #expect(try Fleets.key(9) < Fleets.key(10))
    }

    @Test(
        "the carrier's words are folded whatever their spelling",
        arguments: [
            ("DOWNLOAD_ENABLE", ProfileState.downloadedEnabled), ("ENABLE", .downloadedEnabled),
            ("Not Downloaded", .notDownloaded), ("NOT_DOWNLOADED", .notDownloaded), ("none", .downloadedDisabled),
            ("disable", .downloadedDisabled), ("DELETE", .deleted), ("UNKNOWN", .unknown), ("", .unknown),
            ("SOMETHING_NEW", .unknown),
        ])
    func folding(word: String, state: ProfileState) {
        #expect(ProfileState(profileStatus: word) == state)
    }
}
