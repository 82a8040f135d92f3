/// What the values of a device must look like; YAML and CSV read them alike.
enum DeviceValues {
    static let eidExpected = "32 digits"
    static let iccidExpected = "19 or 20 digits"
    static let imeiExpected = "14 to 16 digits"
    static let stateExpected = "downloaded-enabled or downloaded-disabled"
    static let accountExpected = "the name of a billing account, without ', < and \\"
    static let smsrExpected = "the dotted object identifier of an SM-SR"
    static let stateWords = DesiredState.allCases.map(\.rawValue)

    static func imei(_ text: String) -> IMEI? {
        IMEI(text).flatMap { isAcceptable($0) ? $0 : nil }
    }

    static func isAcceptable(_ imei: IMEI) -> Bool { 14...16 ~= imei.digitCount }

    /// The carrier refuses requests that hold one of these (`INPUT_INVALID.Request.InvalidCharacter`).
    static func account(_ text: String) -> AccountName? {
        isAcceptable(text) ? AccountName(text) : nil
    }

    static func smsr(_ text: String) -> SmsrOid? {
        isAcceptable(text) && SmsrOid(text).isDotted ? SmsrOid(text) : nil
    }

    private static func isAcceptable(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.count <= 200
            && text.unicodeScalars.allSatisfy {
                !"'<\\".unicodeScalars.contains($0) && $0.value > 0x20 && $0.value != 0x7F
            }
            && HiddenScalar.first(in: text) == nil
    }

    static func stateHint(_ text: String) -> String? {
        NearestWord.hint(for: text, among: stateWords)
    }
}
