import Testing

@testable import Reconciler

@Suite("Spellings of account names and ICCIDs")
struct AccountSpellingTests {
    @Test(
        "blanks, zeros, dashes and case are spelling",
        arguments: [
            ("0342077109-00001 ", true), ("342077109-00001", true), ("0342077109\u{2013}00001", true),
            ("0342077109\u{2212}00001", true), ("\u{FEFF}0342077109-00001", true), ("0342077109-1", true),
            ("0342077109-00002", false), ("1342077109-00001", false), ("0342077109-00001", false), ("", false),
        ])
    func accounts(name: String, isSpelling: Bool) {
        #expect(Fleets.account.isSpelling(of: AccountName(name)) == isSpelling)
    }

    @Test("a number without its last digit is the same number")
    func iccids() throws {
        let iccid = try Fleets.iccid(7)
        let short = try #require(ICCID(String(iccid.description.dropLast())))
        let other = try Fleets.iccid(8)
        #expect(iccid.isSpelling(of: short) && short.isSpelling(of: iccid))
        #expect(!iccid.isSpelling(of: iccid) && !iccid.isSpelling(of: other))
    }
}
