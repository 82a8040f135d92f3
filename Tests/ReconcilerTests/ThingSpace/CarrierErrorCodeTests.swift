import Testing

@testable import Reconciler

@Suite("Error codes of the carrier")
struct CarrierErrorCodeTests {
    private typealias Class = CarrierErrorCode.Class

    private static let documented: [(String, Class)] = [
        ("INPUT_INVALID.Request.InvalidCharacter", .requestWrong), ("INPUT_INVALID.RequestUndefined", .requestWrong),
        ("DeserializationFailed", .requestWrong), ("REQUEST_FAILED.UnexpectedError", .deviceFailed),
        ("REQUEST_FAILED.SessionToken.Expired", .signIn), ("REQUEST_FAILED.SessionToken.Format", .signIn),
        ("INPUT_INVALID.SessionToken.Invalid", .signIn), ("INPUT_INVALID.Account.NotDefined", .accountWaits),
        ("REQUEST_FAILED.MultipleAccounts", .accountWaits), ("REQUEST_FAILED.AccountName", .accountWaits),
        ("REQUEST_FAILED.AccountNotFound", .accountWaits), ("REQUEST_FAILED.NoAccounts", .accountWaits),
        ("INPUT_INVALID.Device.Kind.Invalid", .deviceFailed),
        ("INPUT_INVALID.Device.Identifier.Invalid", .deviceFailed), ("REQUEST_FAILED.DeviceNotFound", .deviceFailed),
        ("INPUT_INVALID.Device.Account.Invalid", .deviceFailed), ("INPUT_INVALID.DeviceState.Invalid", .deviceWaits),
        ("REQUEST_FAILED.DeviceAlreadyActive", .alreadyDone), ("INPUT_INVALID.MaxRequestsExceeded", .tooLarge),
        ("INPUT_INVALID.NumberofDevices", .tooLarge),
    ]

    @Test("each documented code has its class, with any service before it and in any case", arguments: documented)
    private func classes(code: String, expected: Class) {
        for spelling in [code, "UnifiedWebService.\(code)", "DeviceService.\(code.uppercased())", code.lowercased()] {
            let read = CarrierErrorCode(spelling)
            #expect(read.errorClass == expected, "\(spelling)")
            #expect(read.isDocumented, "\(spelling)")
            #expect(read.text.lowercased() == code.lowercased())
        }
    }

    @Test("every documented code is tested here")
    func complete() {
        #expect(Set(DocumentedWords.errorCodes.words) == Set(Self.documented.map(\.0)))
    }

    @Test("on hold and cancelled make the account wait, and pass", arguments: ["REQUEST_ONHOLD", "REQUEST_CANCELLED"])
    func passing(prefix: String) {
        for code in [prefix, "\(prefix).Device", "UnifiedWebService.\(prefix).DeviceAlreadyThere.X"] {
            let read = CarrierErrorCode(code)
            #expect(read.errorClass == .accountWaits)
            #expect(read.passes)
            #expect(read.failure(carrierText: nil).remedy == .retry)
        }
    }

    @Test(
        "an undocumented code makes the account wait, and blames no setting",
        arguments: [
            "REQUEST_FAILED.RatePlanFull", "INPUT_INVALID.Device.Whatever", "REQUEST_FAILED.DeviceBusy", "X", "...",
            "ß.ß",
            "REQUEST_FAILED", "12",
        ])
    func unknown(text: String) {
        let code = CarrierErrorCode(text)
        #expect(code.errorClass == .accountWaits)
        #expect(!code.isDocumented)
        #expect(!code.passes)
        #expect(!code.explanation.contains("smsrOid") && !code.explanation.contains("accountName"))
    }

    @Test("what is so already is looked up, whatever the code is")
    func already() {
        for code in ["REQUEST_FAILED.ProfileAlreadyDownloaded", "REQUEST_FAILED.CallbackAlreadyRegistered"] {
            #expect(CarrierErrorCode(code).errorClass == .alreadyDone)
        }
    }

    @Test("two codes say that the account does not have a device")
    func notThere() {
        #expect(
            Self.documented.map(\.0).filter { CarrierErrorCode($0).saysNotThere }
                == ["REQUEST_FAILED.DeviceNotFound", "INPUT_INVALID.Device.Account.Invalid"])
        #expect(!CarrierErrorCode("REQUEST_FAILED.DeviceMissing").saysNotThere)
    }

    @Test("a failure by a code is tried again where the device or the account waits")
    func remedies() {
        let retried = Self.documented.filter { CarrierErrorCode($0.0).failure(carrierText: nil).remedy == .retry }
        #expect(Set(retried.map(\.1)) == [.accountWaits, .deviceWaits, .signIn, .deviceFailed])
        #expect(retried.filter { $0.1 == .deviceFailed }.map(\.0) == ["REQUEST_FAILED.UnexpectedError"])
        #expect(CarrierErrorCode("REQUEST_FAILED.SomethingNew").failure(carrierText: nil).remedy == .retry)
    }
}
