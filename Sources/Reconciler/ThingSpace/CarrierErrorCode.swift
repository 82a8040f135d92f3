/// An error code of the carrier's, synchronous or in a callback, without the name of the service before it.
///
/// Codes are promised to stay across releases, messages are not. Source: `thingspace.md`, section 6.
public struct CarrierErrorCode: Hashable, Sendable {
    /// What a code means for us.
    public enum Meaning: Hashable, Sendable {
        case sessionEnded
        case badDevice
        case deviceNotActive
        case tooLarge
        case accountOrConfiguration
        /// What was asked for is so already.
        case alreadyDone
        case invalidRequest
        case unexpected
    }

    /// The code without its prefix, in the carrier's spelling: `REQUEST_FAILED.DeviceNotFound`.
    public let text: String
    public let meaning: Meaning

    private static let classes = ["INPUT_INVALID.", "REQUEST_FAILED.", "REQUEST_ONHOLD.", "REQUEST_CANCELLED."]

    public init(_ code: String) {
        let upper = code.uppercased()
        let start = Self.classes.compactMap { upper.range(of: $0)?.lowerBound }.min() ?? upper.startIndex
        let offset = upper.distance(from: upper.startIndex, to: start)
        text = String(code.dropFirst(offset)).excerpt(limit: 120)
        meaning = Self.meaning(of: String(upper.dropFirst(offset)))
    }

    private static func meaning(of code: String) -> Meaning {
        if code.contains("SESSIONTOKEN.") { return .sessionEnded }
        switch code {
        case "REQUEST_FAILED.DEVICENOTFOUND", "INPUT_INVALID.DEVICE.ACCOUNT.INVALID",
            "INPUT_INVALID.DEVICE.IDENTIFIER.INVALID", "INPUT_INVALID.DEVICE.KIND.INVALID":
            return .badDevice
        case "INPUT_INVALID.DEVICESTATE.INVALID":
            return .deviceNotActive
        case "INPUT_INVALID.MAXREQUESTSEXCEEDED", "INPUT_INVALID.NUMBEROFDEVICES":
            return .tooLarge
        case "INPUT_INVALID.ACCOUNT.NOTDEFINED", "REQUEST_FAILED.MULTIPLEACCOUNTS", "REQUEST_FAILED.ACCOUNTNAME",
            "REQUEST_FAILED.ACCOUNTNOTFOUND", "REQUEST_FAILED.NOACCOUNTS":
            return .accountOrConfiguration
        case "REQUEST_FAILED.DEVICEALREADYACTIVE":
            return .alreadyDone
        case "REQUEST_FAILED.UNEXPECTEDERROR":
            return .unexpected
        case _ where code.contains("ALREADY"):
            return .alreadyDone
        default:
            return code.hasPrefix("REQUEST_FAILED.DEVICE") || code.hasPrefix("INPUT_INVALID.DEVICE")
                ? .badDevice : .invalidRequest
        }
    }

    /// Whether it says that the account, or the carrier, does not have the device.
    var saysNotThere: Bool {
        ["REQUEST_FAILED.DEVICENOTFOUND", "INPUT_INVALID.DEVICE.ACCOUNT.INVALID"].contains(text.uppercased())
    }

    /// What the code means and what to do about it, as a sentence.
    public var explanation: String {
        switch (meaning, text.uppercased()) {
        case (.badDevice, "REQUEST_FAILED.DEVICENOTFOUND"):
            "The account does not have this device. Correct its accountName or its identifiers."
        case (.badDevice, "INPUT_INVALID.DEVICE.ACCOUNT.INVALID"):
            "The device belongs to another account. Correct its accountName."
        case (.badDevice, _):
            "The carrier does not accept the identifiers of the device. Compare its EID and ICCID with the carrier's records."
        case (.deviceNotActive, _):
            "The line of the device is not active. Activate it, then run again."
        case (.tooLarge, _):
            "The request holds more devices than the carrier takes at once. Lower rollout.batchSize."
        case (.accountOrConfiguration, _):
            "The carrier does not accept the account for this user. Check accountName and the user's rights."
        case (.alreadyDone, _):
            "What was asked for is so already."
        case (.sessionEnded, _):
            "The session with the carrier has ended."
        case (.unexpected, _):
            "The carrier met an error that it did not expect, or an element is missing. Try again later; if it stays, "
                + "ask its support, naming the request."
        case (.invalidRequest, _):
            "The carrier does not accept the request as it is. Check smsrOid and accountName for this device."
        }
    }

    /// The failure of an operation that ended with this code.
    func failure(carrierText: String?) -> OperationFailure {
        OperationFailure(
            code: text, carrierText: carrierText?.excerpt(limit: 300), explanation: explanation,
            remedy: meaning == .unexpected ? .retry : .person)
    }
}

extension String {
    /// The text fit for a message: at most `limit` characters, control characters shown as their escapes.
    package func excerpt(limit: Int) -> String {
        var result = ""
        for (count, character) in enumerated() {
            guard count < limit else { return result + "..." }
            if let scalar = character.unicodeScalars.first, scalar.value < 0x20 || scalar.value == 0x7F {
                result += character.isWhitespace ? " " : "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.append(character)
            }
        }
        return result
    }
}
