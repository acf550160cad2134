//! Makes heads that no library writes, field by field.

use arrow_ipc::{
    BodyCompressionBuilder, Buffer, CompressionType, Endianness, FieldBuilder, FieldNode,
    FixedSizeListBuilder, FloatingPointBuilder, IntBuilder, MessageBuilder, MessageHeader,
    MetadataVersion, NullBuilder, Precision, RecordBatchBuilder, SchemaBuilder, Type, Utf8Builder,
    Utf8ViewBuilder,
};
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

pub(crate) type Builder = FlatBufferBuilder<'static>;
pub(crate) type Offset = WIPOffset<UnionWIPOffset>;

/// A message with this head and body.
pub(crate) fn message(
    mut builder: Builder,
    kind: MessageHeader,
    head: Offset,
    version: MetadataVersion,
    body: &[u8],
) -> Vec<u8> {
    let mut message = MessageBuilder::new(&mut builder);
    message.add_version(version);
    message.add_header_type(kind);
    message.add_header(head);
    message.add_bodyLength(body.len() as i64);
    let message = message.finish();
    builder.finish(message, None);
    let head = builder.finished_data();
    let padded = head.len().next_multiple_of(8);
    let mut bytes = vec![0xff; 4];
    bytes.extend_from_slice(&(padded as u32).to_le_bytes());
    bytes.extend_from_slice(head);
    bytes.resize(8 + padded, 0);
    bytes.extend_from_slice(body);
    bytes
}

/// Builds the type of a column.
pub(crate) type MakeType = fn(&mut Builder) -> Offset;

/// A schema of so many columns that all are one.
pub(crate) fn schema(kind: Type, make: MakeType, name: &str, columns: usize) -> Vec<u8> {
    schema_of(
        kind,
        make,
        name,
        columns,
        Endianness::Little,
        MetadataVersion::V5,
    )
}

pub(crate) fn schema_of(
    kind: Type,
    make: MakeType,
    name: &str,
    columns: usize,
    endianness: Endianness,
    version: MetadataVersion,
) -> Vec<u8> {
    let mut builder = Builder::new();
    let name = builder.create_string(name);
    let details = make(&mut builder);
    let item = {
        let float = {
            let mut float = FloatingPointBuilder::new(&mut builder);
            float.add_precision(Precision::SINGLE);
            float.finish()
        };
        let mut field = FieldBuilder::new(&mut builder);
        field.add_type_type(Type::FloatingPoint);
        field.add_type_(float.as_union_value());
        field.finish()
    };
    let children = builder.create_vector(&[item]);
    let mut field = FieldBuilder::new(&mut builder);
    field.add_name(name);
    field.add_nullable(true);
    field.add_type_type(kind);
    field.add_type_(details);
    field.add_children(children);
    let field = field.finish();
    let fields = builder.create_vector(&vec![field; columns]);
    let mut schema = SchemaBuilder::new(&mut builder);
    schema.add_endianness(endianness);
    schema.add_fields(fields);
    let schema = schema.finish().as_union_value();
    message(builder, MessageHeader::Schema, schema, version, &[])
}

pub(crate) fn utf8(builder: &mut Builder) -> Offset {
    Utf8Builder::new(builder).finish().as_union_value()
}

pub(crate) fn null(builder: &mut Builder) -> Offset {
    NullBuilder::new(builder).finish().as_union_value()
}

pub(crate) fn views(builder: &mut Builder) -> Offset {
    Utf8ViewBuilder::new(builder).finish().as_union_value()
}

pub(crate) fn int(builder: &mut Builder) -> Offset {
    let mut int = IntBuilder::new(builder);
    int.add_bitWidth(64);
    int.add_is_signed(true);
    int.finish().as_union_value()
}

pub(crate) fn no_floats(builder: &mut Builder) -> Offset {
    let mut list = FixedSizeListBuilder::new(builder);
    list.add_listSize(0);
    list.finish().as_union_value()
}

/// A batch with these nodes (rows and nulls), buffers (place and length) and numbers of buffers of views.
pub(crate) fn batch(
    rows: i64,
    nodes: &[(i64, i64)],
    buffers: &[(i64, i64)],
    counts: &[i64],
    body: &[u8],
) -> Vec<u8> {
    let mut builder = Builder::new();
    let head = record_batch(&mut builder, rows, nodes, buffers, counts, false);
    message(
        builder,
        MessageHeader::RecordBatch,
        head,
        MetadataVersion::V5,
        body,
    )
}

pub(crate) fn record_batch(
    builder: &mut Builder,
    rows: i64,
    nodes: &[(i64, i64)],
    buffers: &[(i64, i64)],
    counts: &[i64],
    is_compressed: bool,
) -> Offset {
    let nodes: Vec<FieldNode> = nodes
        .iter()
        .map(|(rows, nulls)| FieldNode::new(*rows, *nulls))
        .collect();
    let buffers: Vec<Buffer> = buffers
        .iter()
        .map(|(at, length)| Buffer::new(*at, *length))
        .collect();
    let nodes = builder.create_vector(&nodes);
    let buffers = builder.create_vector(&buffers);
    let counts = builder.create_vector(counts);
    let compression = is_compressed.then(|| {
        let mut compression = BodyCompressionBuilder::new(builder);
        compression.add_codec(CompressionType::ZSTD);
        compression.finish()
    });
    let mut batch = RecordBatchBuilder::new(builder);
    batch.add_length(rows);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    batch.add_variadicBufferCounts(counts);
    if let Some(compression) = compression {
        batch.add_compression(compression);
    }
    batch.finish().as_union_value()
}
