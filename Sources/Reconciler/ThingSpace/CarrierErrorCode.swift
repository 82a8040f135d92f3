/// An error code of the carrier's, synchronous or in a callback, without the name of the service before it.
///
/// Codes are promised to stay across releases, messages are not. Source: `thingspace.md`, section 6.
public struct CarrierErrorCode: Hashable, Sendable {
    /// Who has to wait, or what has failed, because of a code.
    public enum Class: Hashable, Sendable, CaseIterable {
        /// Nothing can be done for the account now, and no device has failed. A code that is documented nowhere is of
        /// this class as well.
        case accountWaits
        /// The device cannot be changed now.
        case deviceWaits
        case deviceFailed
        /// The request cannot be taken, whichever devices it names.
        case requestWrong
        /// The session has ended.
        case signIn
        /// What was asked for is so already, says the carrier.
        case alreadyDone
        /// The request holds too many devices.
        case tooLarge
    }

    /// The code without its prefix, in the carrier's spelling: `REQUEST_FAILED.DeviceNotFound`.
    public let text: String
    private let meaning: DocumentedWords.ErrorMeaning

    public init(_ code: String) {
        let parts = code.split(separator: ".", omittingEmptySubsequences: false)
        // Some codes have no class; the service may stand before them all the same.
        let start =
            parts.firstIndex { DocumentedWords.errorPrefixes[String($0)] != nil }
            ?? parts.indices.first { DocumentedWords.errorCodes[parts[$0...].joined(separator: ".")] != nil } ?? 0
        let plain = parts[start...].joined(separator: ".")
        text = plain.excerpt(limit: 120)
        meaning = DocumentedWords.meaning(ofErrorCode: plain)
    }

    public var errorClass: Class { meaning.errorClass }

    /// Whether a table says what it means. A code that is documented nowhere says nothing, not even of an account.
    var isDocumented: Bool { meaning != DocumentedWords.unknownErrorCode }

    /// Whether what the code says passes without anybody doing anything.
    var passes: Bool { meaning.passes }

    /// What the code means and what to do about it, as a sentence.
    public var explanation: String { meaning.explanation }

    /// Whether it says that the account, or the carrier, does not have the device.
    var saysNotThere: Bool { meaning.saysNotThere }

    /// The failure of an operation that ended with this code.
    func failure(carrierText: String?) -> OperationFailure {
        let remedy: OperationFailure.Remedy =
            switch errorClass {
            case .accountWaits, .deviceWaits, .signIn: .retry
            case .deviceFailed: passes ? .retry : .person
            case .requestWrong, .alreadyDone, .tooLarge: .person
            }
        return OperationFailure(
            code: text, carrierText: carrierText?.excerpt(limit: 300), explanation: explanation, remedy: remedy)
    }
}

extension OperationFailure {
    /// Whether the code may mean that what was asked for is so already: nobody has documented which one the carrier uses
    /// for that (`thingspace.md`, section 9).
    var mayBeDoneAlready: Bool {
        guard let code, let euicc = EuiccCode(code) else { return false }
        return ["3.3", "3.5"].contains(euicc.reason)
    }

    /// Whether the carrier says that the line of the device is not active.
    var isOfInactiveLine: Bool { code.map { CarrierErrorCode($0).errorClass == .deviceWaits } ?? false }
}
