/// The words of a callback that say what became of an action, each as what is documented of it. Members that are null,
/// empty or zero say nothing. Source: `thingspace.md`, sections 2.6, 5.4 and 6.2.
struct CallbackWords {
    /// A word at a documented place.
    enum Word<Meaning: Hashable & Sendable>: Hashable, Sendable {
        case absent
        case documented(Meaning)
        /// With its text, fit for a message.
        case undocumented(String)

        init(_ value: JSONValue?, in table: WordTable<Meaning>) {
            guard let word = value?.word else {
                self = .absent
                return
            }
            self = table[word].map { .documented($0) } ?? .undocumented(word.excerpt(limit: 60))
        }
    }

    /// What says that the action has failed.
    enum Failure: Hashable, Sendable {
        case fault(CarrierErrorCode?, text: String?)
        case euicc(code: String?, text: String?)
    }

    let status: Word<DocumentedWords.MessageStatus>
    let euiccStatus: Word<DocumentedWords.EuiccStatus>
    let euiccStatusText: String?
    let profileStatus: Word<ProfileState>
    let profileStatusText: String?
    /// The code of the SM-SR or SM-DP, whichever of its two names it has.
    let euiccCode: String?
    let euiccText: String?
    /// The first that says so: the fault, the status of the message, the eUICC error.
    let failure: Failure?

    init(_ message: JSONValue) {
        let response = message.profileResponse
        status = Word(message["status"], in: DocumentedWords.messageStatuses)
        euiccStatus = Word(response?["euiccStatus"], in: DocumentedWords.euiccStatuses)
        euiccStatusText = response?["euiccStatus"]?.word
        profileStatus = Word(response?["profileStatus"], in: DocumentedWords.profileStatuses)
        profileStatusText = response?["profileStatus"]?.word
        let error = response?["euiccErrorCode"]?.reportedError ?? response?["euiccErrorDesc"]?.reportedError
        euiccCode = response?["euiccErrorCode"]?.reportedError ?? response?["euiccStatusCode"]?.errorCode
        euiccText = response?["euiccErrorDesc"]?.word ?? response?["euiccStatusDesc"]?.word
        let euicc = Failure.euicc(code: euiccCode, text: euiccText)
        let plainError = (message["errorCode"] ?? response?["errorCode"])?.reportedError
        failure =
            Self.fault(message["faultResponse"]) ?? plainError.map { .fault(CarrierErrorCode($0), text: nil) }
            ?? (status == .documented(.failed) || error != nil ? euicc : nil)
    }

    /// What a failed eUICC status says.
    var euiccFailure: Failure { .euicc(code: euiccCode, text: euiccText) }

    /// - Returns: `nil` if the fault says that there is none.
    private static func fault(_ value: JSONValue?) -> Failure? {
        guard let fault = value.flatMap({ $0.isArray ? $0.elements.first(where: \.reportsError) : $0 }) else {
            return nil
        }
        guard fault.isObject else { return fault.reportedError.map { .fault(nil, text: $0) } }
        let text = fault["faultstring"]?.errorCode
        if let code = fault["faultcode"]?.errorCode { return .fault(CarrierErrorCode(code), text: text) }
        // A code of zero says that there is no fault, whatever the text beside it is.
        return fault["faultcode"]?.word == nil ? text.map { .fault(nil, text: $0) } : nil
    }
}

extension JSONValue {
    /// The part of a callback that is about the profile.
    var profileResponse: JSONValue? {
        guard let response = self["deviceResponse"] else { return nil }
        guard let profile = response["deviceProfileResponse"], profile.isObject else { return response }
        return profile
    }
}
