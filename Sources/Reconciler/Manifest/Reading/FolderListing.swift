import Foundation

/// The names in folders of this machine. Foundation's lists cannot be told from empty ones where they fail, and repair
/// names that are no UTF-8.
enum FolderListing {
    /// - Returns: the names without `.` and `..`; those that are no UTF-8 with their bytes spelt out (`Sal\xF3n.yaml`),
    ///   which names nothing that can be opened.
    static func names(in folder: String) -> Presence<[String]> {
        guard let listing = opendir(folder) else {
            return errno == ENOENT ? .absent : .unreadable(errno == ENOTDIR ? .notAFile : .system(errno))
        }
        defer { closedir(listing) }
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return .unreadable(.system(EINVAL)) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(listing) else { break }
            // Not by way of the field, which is longer than the name and the memory behind it.
            let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            let bytes = UnsafeBufferPointer(
                start: start, count: strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)))
            let name = FileName.text(bytes)
            if name != ".", name != ".." { names.append(name) }
        }
        return errno == 0 ? .present(names) : .unreadable(.system(errno))
    }
}

/// Names of files as bytes.
enum FileName {
    /// The name; its bytes spelt out where they are no UTF-8.
    static func text<Bytes: Collection>(_ bytes: Bytes) -> String where Bytes.Element == UInt8 {
        if let name = String(validating: bytes, as: UTF8.self) { return name }
        return bytes.reduce(into: "") { text, byte in
            if 0x20...0x7E ~= byte {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + String(byte, radix: 16, uppercase: true)
            }
        }
    }
}
