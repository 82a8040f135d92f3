/// The credentials at the beginning of a body that has not come whole: the carrier writes them before everything else.
///
/// They decide only how much of the body is held. Whether the message is accepted is decided by all of it.
enum LeadingCredentials {
    /// - Parameter bytes: the beginning of a JSON object.
    /// - Returns: `nil` unless both members stand in it, at the top of the object.
    static func find(in bytes: some Collection<UInt8>) -> MessageCredentials? {
        let bytes = Array(bytes)
        // The outline of the members so far is read from an object that ends behind the last whole one.
        guard let end = endOfMembers(bytes) else { return nil }
        let object = Array(bytes[..<end]) + [UInt8(ascii: "}")]
        guard let message = try? JSONValue(json: object, .outline), let username = message["username"]?.string,
            let password = message["password"]?.string
        else { return nil }
        return MessageCredentials(username: username, password: password)
    }

    /// Where the last whole member of the outermost object ends; `nil` if there is none.
    private static func endOfMembers(_ bytes: [UInt8]) -> Int? {
        var depth = 0
        var isInText = false
        var isEscaped = false
        var end: Int?
        for (position, byte) in bytes.enumerated() {
            if isInText {
                switch byte {
                case _ where isEscaped: isEscaped = false
                case UInt8(ascii: "\\"): isEscaped = true
                case UInt8(ascii: "\""): isInText = false
                default: break
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ",") where depth == 1: end = position
            default: break
            }
        }
        return end
    }
}
