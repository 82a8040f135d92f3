/// What a callback says of the outcome.
public enum CallbackReading: Hashable, Sendable {
    /// The action was carried out; the profile status that it reports, if it does.
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

    var isUnclear: Bool {
        if case .unclear = self { return true }
        return false
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
    /// profile status. `status: Success` alone means nothing: the carrier also says it on a warning.
    init(message: JSONValue) {
        let response = message["deviceResponse"]?["deviceProfileResponse"] ?? message["deviceResponse"]
        let status = message["status"]?.text?.foldedForComparison
        if let fault = message["faultResponse"], !fault.members.isEmpty {
            self = .init(fault: fault)
            return
        }
        let euiccCode = response?["euiccErrorCode"]?.text ?? response?["euiccStatusCode"]?.text
        let euiccText = response?["euiccErrorDesc"]?.text ?? response?["euiccStatusDesc"]?.text
        if status == "failed" || status == "failure" || response?["euiccErrorCode"]?.text != nil {
            self = .failed(EuiccCode.failure(code: euiccCode, text: euiccText))
            return
        }
        let profileStatus = response?["profileStatus"]?.text
        switch response?["euiccStatus"]?.text?.foldedForComparison {
        case "executedsuccess":
            self = .succeeded(profileStatus: profileStatus)
        case "executedwithwarning":
            self = .enablePending(code: euiccCode, text: euiccText)
        case "failed", "expired", "executedfailed", "notexecuted":
            self = .failed(EuiccCode.failure(code: euiccCode, text: euiccText))
        case nil:
            if let profileStatus {
                self = .succeeded(profileStatus: profileStatus)
            } else {
                self = .unclear("it names neither a fault nor a status of the eUICC")
            }
        case let other?:
            self = .unclear("the eUICC status \(other) is documented nowhere")
        }
    }

    private init(fault: JSONValue) {
        let text = fault["faultstring"]?.text
        guard let code = fault["faultcode"]?.text.map({ CarrierErrorCode($0) }) else {
            self = .failed(
                OperationFailure(
                    code: nil, carrierText: text,
                    explanation: "The carrier reports a fault without a code. Ask its support, naming the request.",
                    remedy: .person))
            return
        }
        if code.meaning == .alreadyDone {
            self = .unclear("the carrier says that nothing was to be done: \(code.text)")
            return
        }
        self = .failed(code.failure(carrierText: text))
    }
}
