/// What a callback says of the outcome.
public enum CallbackReading: Hashable, Sendable {
    /// The action was carried out; the profile status that it reports, if it does, in a documented word.
    case succeeded(profileStatus: String?)
    /// `EXECUTED_WITHWARNING`: the profile is on the device, its enabling is pending.
    case enablePending(code: String?, text: String?)
    case failed(OperationFailure)
    /// It does not tell; the device has to be looked up.
    case unclear(String)

    var profileStatus: String? {
        if case .succeeded(let status) = self { return status }
        return nil
    }

    /// The reading in words, for the timeline.
    var summary: String {
        switch self {
        case .succeeded(let status): "success" + (status.map { ", profile status \($0)" } ?? "")
        case .enablePending(let code, let text):
            "warning: " + ([code, text].compactMap { $0 }.joined(separator: ", "))
        case .failed(let failure):
            "failure: "
                + ([failure.code, failure.carrierText].compactMap { $0 }.joined(separator: ", "))
        case .unclear(let why): "unclear: \(why)"
        }
    }
}

extension CallbackReading {
    /// Reads a message in the order of `thingspace.md`, section 6.2: fault, status, eUICC error, eUICC status,
    /// profile status. Only documented words have a meaning, and words that contradict each other have none.
    init(message: JSONValue) {
        self.init(CallbackWords(message))
    }

    init(_ words: CallbackWords) {
        if let failure = words.failure {
            // An error beside a success is a contradiction, whatever stands first.
            switch (words.euiccStatus, words.status) {
            case (.documented(.success), .documented(.failed)), (.documented(.warning), .documented(.failed)):
                self = .unclear("its status is Failed, and its eUICC status \(words.euiccStatusText ?? "")")
            case (.documented(.success), _):
                self = .unclear("it reports EXECUTED_SUCCESS and a \(Self.failed(failure).summary)")
            default:
                self = Self.reading(failure)
            }
            return
        }
        switch words.euiccStatus {
        case .undocumented(let word): self = .unclear("the eUICC status \(word) is documented nowhere")
        case .documented(.unanswered): self = .unclear("the card has not said what became of the command")
        case .documented(.failure): self = Self.reading(words.euiccFailure)
        case .documented(.success), .documented(.warning), .absent: self = Self.reading(successIn: words)
        }
    }

    private static func reading(successIn words: CallbackWords) -> CallbackReading {
        if case .undocumented(let word) = words.status { return .unclear("the status \(word) is documented nowhere") }
        let profileStatus: String?
        switch words.profileStatus {
        case .absent: profileStatus = nil
        case .documented(.unknown): return .unclear("the profile status is UNKNOWN")
        case .documented: profileStatus = words.profileStatusText
        case .undocumented(let word): return .unclear("the profile status \(word) is documented nowhere")
        }
        if words.euiccStatus == .documented(.warning) {
            if case .documented(let state) = words.profileStatus, !state.isOnDevice {
                return .unclear(
                    "it warns that the enabling is pending, and its profile status is \(profileStatus ?? "")")
            }
            return .enablePending(code: words.euiccCode, text: words.euiccText)
        }
        guard words.euiccStatus != .absent || profileStatus != nil else {
            return .unclear("it names neither a fault nor a status of the eUICC")
        }
        return .succeeded(profileStatus: profileStatus)
    }

    /// What is so already is no failure: the device is looked up.
    private static func reading(_ failure: CallbackWords.Failure) -> CallbackReading {
        switch failure {
        case .fault(let code?, let text):
            code.errorClass == .alreadyDone
                ? .unclear("the carrier says that nothing was to be done: \(code.text)")
                : .failed(code.failure(carrierText: text))
        case .fault(nil, let text):
            .failed(
                OperationFailure(
                    code: nil, carrierText: text?.excerpt(limit: 300),
                    explanation: "The carrier reports a fault without a code. Ask its support, naming the request.",
                    remedy: .person))
        case .euicc(let code, let text):
            code.flatMap { EuiccCode($0) }?.saysAlreadyInUse == true
                ? .unclear("the card says that the profile is in use already: \(code ?? "")")
                : .failed(EuiccCode.failure(code: code, text: text))
        }
    }

    private static func failed(_ failure: CallbackWords.Failure) -> CallbackReading {
        switch failure {
        case .fault(let code?, let text): .failed(code.failure(carrierText: text))
        case .fault(nil, let text): .failed(EuiccCode.failure(code: nil, text: text))
        case .euicc(let code, let text): .failed(EuiccCode.failure(code: code, text: text))
        }
    }
}
